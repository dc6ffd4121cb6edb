// expect: none
// about: signals are blocked but for the waits in ppoll and sigsuspend, so their handler interrupts nothing else and may lock
#define _GNU_SOURCE
#include "case.h"
#include <poll.h>
#include <signal.h>
#include <unistd.h>

static pthread_mutex_t lock = PTHREAD_MUTEX_INITIALIZER;
static char *latest;
static int handled;

static FRAME void on_usr1(int signal)
{
    char *copy = malloc(32);
    if (copy)
        snprintf(copy, 32, "signal %d", signal);
    pthread_mutex_lock(&lock);
    free(latest);
    latest = copy;
    handled++;
    pthread_mutex_unlock(&lock);
}

int main(void)
{
    struct sigaction action = {.sa_handler = on_usr1};
    sigset_t usr1, before;
    sigfillset(&action.sa_mask);
    sigaction(SIGUSR1, &action, NULL);
    sigemptyset(&usr1);
    sigaddset(&usr1, SIGUSR1);
    pthread_sigmask(SIG_BLOCK, &usr1, &before);
    for (int i = 0; i < 3; i++) {
        kill(getpid(), SIGUSR1);
        if (i == 1)
            sigsuspend(&before);
        else
            ppoll(NULL, 0, &(struct timespec){1, 0}, &before);
        pthread_mutex_lock(&lock);
        pthread_mutex_unlock(&lock);
    }
    printf("%d %s\n", handled, latest ? latest : "");
    free(latest);
    return 0;
}
