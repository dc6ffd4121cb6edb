// expect: deadlock CRITICAL
// where: deadlock greet
// where: deadlock answer
// kill: 2
// about: two threads each wait for the other's semaphore before they post their own
#include "case.h"

#include <semaphore.h>

static sem_t greeted, answered;
static int words;

static FRAME void *greet(void *unused)
{
    sem_wait(&answered);
    words++;
    sem_post(&greeted);
    return unused;
}

static FRAME void *answer(void *unused)
{
    sem_wait(&greeted);
    words++;
    sem_post(&answered);
    return unused;
}

int main(void)
{
    must(sem_init(&greeted, 0, 0), "sem_init");
    must(sem_init(&answered, 0, 0), "sem_init");
    pthread_t one = thread_start(greet, NULL), other = thread_start(answer, NULL);
    thread_join(one);
    thread_join(other);
    return words != 2;
}
