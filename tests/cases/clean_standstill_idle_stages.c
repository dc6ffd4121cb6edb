// expect: none
// allow: no-timeout LOW|MEDIUM
// kill: 2
// about: two stages that hand requests to each other, idle; the main thread waits for the next request on a pipe
#include "case.h"

#include <semaphore.h>
#include <unistd.h>

static sem_t asked, looked_up;
static int commands[2];

static FRAME void *look_up(void *unused)
{
    for (;;) {
        sem_wait(&asked);
        sem_post(&looked_up);
    }
    return unused;
}

static FRAME void *serve(void *unused)
{
    for (int i = 0; i < 20; i++) { /* what came so far */
        sem_post(&asked);
        sem_wait(&looked_up);
    }
    sem_wait(&looked_up); /* the main thread will ask next */
    return unused;
}

int main(void)
{
    char command;

    must(sem_init(&asked, 0, 0), "sem_init");
    must(sem_init(&looked_up, 0, 0), "sem_init");
    require(pipe(commands) == 0, "pipe");
    pthread_t one = thread_start(look_up, NULL), other = thread_start(serve, NULL);
    if (read(commands[0], &command, 1) == 1)
        sem_post(&asked);
    thread_join(one);
    thread_join(other);
    return 0;
}
