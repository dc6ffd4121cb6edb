// expect: deadlock CRITICAL
// where: deadlock upload
// kill: 2
// about: four may upload at a time, and who fails keeps the place, until nobody gets in any more
#include "uploads.h"

static FRAME int upload(int part)
{
    sem_wait(&places);
    if (send_part(part) < 0)
        return -1;
    sem_post(&places);
    return 0;
}

int main(void)
{
    return run_uploads(upload, 4);
}
