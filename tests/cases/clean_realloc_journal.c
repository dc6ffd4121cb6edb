// expect: none
// allow: hot-alloc
// about: a journal that each tick of a busy loop makes a little longer is begun anew once: two buffers in all
#include "case.h"

#include <sys/epoll.h>
#include <sys/eventfd.h>

#define TICKS 150000
#define ANEW 110000 /* only one tick in some is looked at by then */
#define RECORD 64

static char *journal;
static size_t used;

static FRAME void journal_add(void)
{
    journal = realloc(journal, used + RECORD);
    require(journal != NULL, "realloc");
    memset(journal + used, 1, RECORD);
    used += RECORD;
}

int main(void)
{
    int set = epoll_create1(0), always = eventfd(1, 0);
    struct epoll_event event = {.events = EPOLLIN};
    require(epoll_ctl(set, EPOLL_CTL_ADD, always, &event) == 0, "epoll_ctl");
    for (int i = 1; i <= TICKS; i++) {
        require(epoll_wait(set, &event, 1, -1) == 1, "epoll_wait");
        journal_add();
        if (i == ANEW) {
            free(journal);
            journal = NULL;
            used = 0;
        }
    }
    printf("%zu bytes\n", used);
    free(journal);
    return 0;
}
