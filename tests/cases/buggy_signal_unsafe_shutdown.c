// expect: signal-unsafe-call HIGH
// where: signal-unsafe-call on_term
// about: a handler of SIGTERM frees what main has allocated, and wakes a worker through its condition variable
#include "case.h"
#include <signal.h>
#include <unistd.h>

static pthread_mutex_t lock = PTHREAD_MUTEX_INITIALIZER;
static pthread_cond_t stopping = PTHREAD_COND_INITIALIZER;
static char *volatile buffer;
static int stop;

static FRAME void on_term(int signal)
{
    (void)signal;
    free(buffer);
    buffer = NULL;
    pthread_mutex_lock(&lock);
    stop = 1;
    pthread_cond_signal(&stopping);
    pthread_mutex_unlock(&lock);
}

static void *worker(void *arg)
{
    pthread_mutex_lock(&lock);
    while (!stop)
        pthread_cond_wait(&stopping, &lock);
    pthread_mutex_unlock(&lock);
    return arg;
}

int main(void)
{
    sigset_t term;
    sigemptyset(&term);
    sigaddset(&term, SIGTERM);
    signal(SIGTERM, on_term);
    pthread_sigmask(SIG_BLOCK, &term, NULL);
    pthread_t thread = thread_start(worker, NULL);
    pthread_sigmask(SIG_UNBLOCK, &term, NULL);
    buffer = malloc(1000);
    kill(getpid(), SIGTERM);
    thread_join(thread);
    printf("%d\n", buffer == NULL);
    return 0;
}
