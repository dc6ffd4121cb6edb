// expect: none
// options: heap=exact
// about: blocks that live to the end are referred to only from mapped memory, thread stacks, thread-local data, tagged, counted, packed and interior pointers, and an epoll instance
#include "case.h"

#include <stdint.h>
#include <sys/epoll.h>
#include <sys/eventfd.h>
#include <sys/mman.h>

#define EACH 40

enum place {
    SHARED,
    PRIVATE,
    LOW_TAG,
    HIGH_TAG,
    RAISED,
    INTERIOR,
    PACKED,
    BEHIND,
    LOCAL,
    KERNEL,
    LISTED,
    READ_ONLY,
    PLACES
};

struct packed {
    int tag;
    void *pointer;
} __attribute__((packed));

struct node {
    char payload[40];
    struct node *next;
};

#define KEPT __attribute__((used)) static
KEPT void **shared, **private, **read_only;
KEPT uintptr_t low_tag[EACH], high_tag[EACH], raised[EACH];
KEPT char *interior[EACH], *behind[EACH];
KEPT struct packed packed[EACH];
KEPT __thread void *local[EACH];
KEPT struct node *list;
static int stage, epoll;

static FRAME void *make(void)
{
    void *p = malloc(sizeof(struct node));
    memset(p, 0, sizeof(struct node));
    return p;
}

static FRAME void watch(void *context)
{
    struct epoll_event e = {.events = EPOLLIN, .data.ptr = context};
    must(epoll_ctl(epoll, EPOLL_CTL_ADD, eventfd(0, 0), &e) ? 1 : 0, "epoll_ctl");
}

static FRAME void keep(int i, enum place place)
{
    char *p = make();
    switch (place) {
    case SHARED:
        shared[i] = p;
        break;
    case PRIVATE:
        private
        [i] = p;
        break;
    case READ_ONLY:
        read_only[i] = p;
        break;
    case LOW_TAG:
        low_tag[i] = (uintptr_t)p | 5;
        break;
    case HIGH_TAG:
        high_tag[i] = (uintptr_t)p | (uintptr_t)0x1beef << 47;
        break;
    case RAISED:
        raised[i] = (uintptr_t)p << 16 | (uintptr_t)(i + 1);
        break;
    case INTERIOR:
        interior[i] = p + 24;
        break;
    case BEHIND:
        behind[i] = p + sizeof(struct node);
        break;
    case PACKED:
        packed[i].pointer = p;
        break;
    case LOCAL:
        local[i] = p;
        break;
    case KERNEL:
        watch(p);
        break;
    case LISTED:
        ((struct node *)p)->next = list;
        list = (struct node *)p;
        break;
    case PLACES:
        break;
    }
}

static void *holder(void *unused)
{
    void *volatile kept[EACH];
    (void)unused;
    for (int i = 0; i < EACH; i++)
        kept[i] = make();
    stage_reach(&stage, 1);
    for (;;)
        nap_ms(1000 + (kept[0] == NULL));
    return NULL;
}

int main(void)
{
    size_t bytes = EACH * sizeof(void *);
    shared = mmap(NULL, bytes, PROT_READ | PROT_WRITE, MAP_SHARED | MAP_ANONYMOUS, -1, 0);
    private = mmap(NULL, bytes, PROT_READ | PROT_WRITE, MAP_PRIVATE | MAP_ANONYMOUS, -1, 0);
    read_only = mmap(NULL, bytes, PROT_READ | PROT_WRITE, MAP_PRIVATE | MAP_ANONYMOUS, -1, 0);
    epoll = epoll_create1(0);
    void *volatile mine[EACH];
    for (int i = 0; i < EACH; i++) {
        for (enum place place = SHARED; place < PLACES; place++)
            keep(i, place);
        mine[i] = make();
        nap_ms(2);
    }
    mprotect(read_only, bytes, PROT_READ);
    pthread_detach(thread_start(holder, NULL));
    stage_await(&stage, 1);
    printf("%d kept\n", (mine[0] != NULL) + EACH);
    return 0;
}
