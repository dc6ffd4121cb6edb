// expect: none
// kill: 1
// about: killed while more threads than may be in at a time go in and out
#include "uploads.h"

static FRAME int upload(int part)
{
    sem_wait(&places);
    int result = part >= 0;
    sem_post(&places);
    return result;
}

static void *forever(void *unused)
{
    while (upload(1))
        continue;
    return unused;
}

int main(void)
{
    pthread_t threads[UPLOADERS];

    must(sem_init(&places, 0, 2), "sem_init");
    for (int i = 0; i < UPLOADERS; i++)
        threads[i] = thread_start(forever, NULL);
    for (int i = 0; i < UPLOADERS; i++)
        thread_join(threads[i]);
    return 0;
}
