// expect: none
/*
 * signal_unsafe_call.c, mended: the signal is blocked in all threads, and one of them takes it with sigwait.
 *
 * Kiwi prints no finding.
 */
#include <pthread.h>
#include <signal.h>
#include <stdio.h>
#include <unistd.h>

static pthread_mutex_t lock = PTHREAD_MUTEX_INITIALIZER;
static unsigned long requests, shown;

static void request_count(void)
{
    pthread_mutex_lock(&lock);
    requests++;
    pthread_mutex_unlock(&lock);
}

static void *show_on_usr1(void *usr1)
{
    int signal;
    if (sigwait(usr1, &signal))
        return NULL;
    pthread_mutex_lock(&lock);
    shown = requests;
    pthread_mutex_unlock(&lock);
    return usr1;
}

static void *worker(void *arg)
{
    for (int i = 0; i < 1000; i++)
        request_count();
    return arg;
}

int main(void)
{
    pthread_t thread, shower;
    sigset_t usr1;
    sigemptyset(&usr1);
    sigaddset(&usr1, SIGUSR1);
    pthread_sigmask(SIG_BLOCK, &usr1, NULL);
    if (pthread_create(&thread, NULL, worker, NULL) || pthread_create(&shower, NULL, show_on_usr1, &usr1))
        return 1;
    pthread_join(thread, NULL);
    kill(getpid(), SIGUSR1);
    pthread_join(shower, NULL);
    printf("%lu requests\n", shown);
    return 0;
}
