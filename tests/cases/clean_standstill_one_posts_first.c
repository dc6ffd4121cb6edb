// expect: none
// about: two threads in turns, of whom one posts before it waits
#include "case.h"

#include <semaphore.h>

static sem_t greeted, answered;
static int words;

static FRAME void *greet(void *unused)
{
    words++;
    sem_post(&greeted);
    sem_wait(&answered);
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
