// expect: none
// about: the same with the wait before the lock is taken; the disk thread sits idle in a futex meanwhile
#include "futex_flusher.h"

static FRAME void batch_flush(void)
{
    event_set(&asked);
    event_wait(&written);
    pthread_mutex_lock(&batch_lock);
    flushed += rows;
    rows = 0;
    pthread_mutex_unlock(&batch_lock);
}
