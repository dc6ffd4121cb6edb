// expect: lock-across-block HIGH
// where: lock-across-block batch_flush|event_wait
// about: the flusher waits for the disk thread's event, made by hand of a futex, with the lock that the writers need
#include "futex_flusher.h"

static FRAME void batch_flush(void)
{
    pthread_mutex_lock(&batch_lock);
    event_set(&asked);
    event_wait(&written);
    flushed += rows;
    rows = 0;
    pthread_mutex_unlock(&batch_lock);
}
