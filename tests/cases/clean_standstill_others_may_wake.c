// expect: none
// allow: lock-across-block LOW|MEDIUM|HIGH
// kill: 2
// about: a lock is held in a wait for a wake-up, and somebody wants it; but a timer's thread would give that wake-up
#include "case.h"

#include <signal.h>
#include <time.h>

static pthread_mutex_t registry_lock = PTHREAD_MUTEX_INITIALIZER, answer_lock = PTHREAD_MUTEX_INITIALIZER;
static pthread_cond_t answered = PTHREAD_COND_INITIALIZER;
static int asked, has_answer, entries;

/* Runs on a thread of the C library's. */
static void answer(union sigval unused)
{
    (void)unused;
    pthread_mutex_lock(&answer_lock);
    has_answer = 1;
    pthread_cond_signal(&answered);
    pthread_mutex_unlock(&answer_lock);
}

static FRAME void ask(void)
{
    pthread_mutex_lock(&registry_lock);
    stage_reach(&asked, 1);
    pthread_mutex_lock(&answer_lock);
    while (!has_answer)
        pthread_cond_wait(&answered, &answer_lock);
    pthread_mutex_unlock(&answer_lock);
    pthread_mutex_unlock(&registry_lock);
}

static void *look(void *unused)
{
    stage_await(&asked, 1);
    pthread_mutex_lock(&registry_lock);
    entries++;
    pthread_mutex_unlock(&registry_lock);
    return unused;
}

int main(void)
{
    struct sigevent how = {.sigev_notify = SIGEV_THREAD, .sigev_notify_function = answer};
    struct itimerspec in_a_minute = {.it_value.tv_sec = 60}; /* the process is killed before */
    timer_t timer;
    pthread_t looker;

    if (timer_create(CLOCK_MONOTONIC, &how, &timer) || timer_settime(timer, 0, &in_a_minute, NULL))
        return 1;
    pthread_create(&looker, NULL, look, NULL);
    ask();
    pthread_join(looker, NULL);
    return 0;
}
