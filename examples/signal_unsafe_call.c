// expect: signal-unsafe-call HIGH
// where: signal-unsafe-call on_usr1
/*
 * A handler of SIGUSR1 prints statistics under the lock that every request takes. Should the signal come while its
 * thread counts a request, the thread waits for itself for good. In this run it did not.
 *
 * Kiwi prints signal-unsafe-call (HIGH): the handler, the lock, and where else that lock is taken.
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

static void on_usr1(int signal)
{
    (void)signal;
    pthread_mutex_lock(&lock);
    shown = requests;
    pthread_mutex_unlock(&lock);
}

static void *worker(void *arg)
{
    for (int i = 0; i < 1000; i++)
        request_count();
    return arg;
}

int main(void)
{
    pthread_t thread;
    struct sigaction action = {.sa_handler = on_usr1};
    sigaction(SIGUSR1, &action, NULL);
    if (pthread_create(&thread, NULL, worker, NULL))
        return 1;
    pthread_join(thread, NULL);
    kill(getpid(), SIGUSR1);
    printf("%lu requests\n", shown);
    return 0;
}
