// expect: none
// allow: lock-across-block LOW|MEDIUM|HIGH
// kill: 2
// about: a lock is held until a signal comes, whose handler posts the semaphore; who wants the lock waits so long
#include "case.h"

#include <semaphore.h>
#include <signal.h>

static pthread_mutex_t session = PTHREAD_MUTEX_INITIALIZER;
static sem_t go_on;
static int held, entries;

static void on_hangup(int signal)
{
    (void)signal;
    sem_post(&go_on);
}

static FRAME void pause_session(void)
{
    pthread_mutex_lock(&session);
    stage_reach(&held, 1);
    while (sem_wait(&go_on))
        ;
    pthread_mutex_unlock(&session);
}

static void *enter(void *unused)
{
    stage_await(&held, 1);
    pthread_mutex_lock(&session);
    entries++;
    pthread_mutex_unlock(&session);
    return unused;
}

int main(void)
{
    struct sigaction action = {.sa_handler = on_hangup};
    pthread_t visitor;

    sem_init(&go_on, 0, 0);
    sigaction(SIGHUP, &action, NULL);
    pthread_create(&visitor, NULL, enter, NULL);
    pause_session();
    pthread_join(visitor, NULL);
    return 0;
}
