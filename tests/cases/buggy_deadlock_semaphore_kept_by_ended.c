// expect: deadlock CRITICAL
// where: deadlock upload
// kill: 2
// about: one may upload at a time, and who fails ends with the semaphore in hand
#include "uploads.h"

static FRAME int upload(int part)
{
    sem_wait(&places);
    if (send_part(part) < 0)
        pthread_exit(NULL);
    sem_post(&places);
    return 0;
}

int main(void)
{
    return run_uploads(upload, 1);
}
