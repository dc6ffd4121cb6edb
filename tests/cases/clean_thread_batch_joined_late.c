// expect: none
// about: a batch tool starts a thread an item, lets them end in their own time, and joins all of them at its very end
#include "case.h"

enum { ITEMS = 40 };
static int done;

static void *item(void *arg)
{
    nap_ms(2);
    stage_arrive(&done);
    return arg;
}

int main(void)
{
    pthread_t ids[ITEMS];
    for (int i = 0; i < ITEMS; i++) {
        ids[i] = thread_start(item, NULL);
        if (i % 8 == 7)
            nap_ms(20);
    }
    stage_await(&done, ITEMS);
    nap_ms(50);
    for (int i = 0; i < ITEMS; i++)
        thread_join(ids[i]);
    printf("%d\n", done);
    return 0;
}
