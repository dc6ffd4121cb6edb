// expect: deadlock CRITICAL
// where: deadlock ring_put
// where: deadlock ring_take
// kill: 2
// about: a bounded queue of two semaphores whose reader forgets to give back the slot of an item that is broken
#include "ring_of_slots.h"

static void *write_all(void *unused)
{
    for (int i = 0; i < 400; i++)
        ring_put(i);
    return unused;
}

static void *read_all(void *unused)
{
    for (int i = 0; i < 400; i++)
        ring_take(i, 10);
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
