// expect: none
// kill: 1
// about: killed while a bounded queue of two semaphores hands items on as fast as it can
#include "ring_of_slots.h"

static void *write_all(void *unused)
{
    for (int i = 0; i >= 0; i = (i + 1) % 4096)
        ring_put(i);
    return unused;
}

static void *read_all(void *unused)
{
    for (int i = 0; i >= 0; i = (i + 1) % 4096)
        ring_take(i, 0);
    return unused;
}

int main(void)
{
    ring_make();
    pthread_t writer = thread_start(write_all, NULL), reader = thread_start(read_all, NULL);
    thread_join(writer);
    thread_join(reader);
    return 0;
}
