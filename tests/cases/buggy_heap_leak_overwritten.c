// expect: heap-leak LOW
// where: heap-leak set_title
// about: a setter overwrites the old string without freeing it; seen in a sample of the allocations, while another thread runs
#include "case.h"

struct window {
    char *title;
    int changes;
};

static struct window windows[8];
static int stage;

static FRAME void set_title(struct window *w, const char *text)
{
    char *copy = malloc(512);
    snprintf(copy, 512, "%s (%d)", text, ++w->changes);
    w->title = copy;
}

static void *painter(void *unused)
{
    while (__atomic_load_n(&stage, __ATOMIC_SEQ_CST) == 0) {
        char *scratch = malloc(300);
        memset(scratch, 1, 300);
        free(scratch);
        nap_ms(5);
    }
    return unused;
}

int main(void)
{
    pthread_t t = thread_start(painter, NULL);
    for (int i = 0; i < 3000; i++) {
        set_title(&windows[i % 8], "document");
        if (i % 50 == 0)
            nap_ms(10);
    }
    stage_reach(&stage, 1);
    thread_join(t);
    puts(windows[0].title);
    return 0;
}
