// expect: signal-unsafe-call HIGH
// where: signal-unsafe-call on_usr1
// about: a supervisor blocks its signals while it starts, and then leaves them open for good: its handler may come anywhere
#include "case.h"
#include <signal.h>
#include <sys/select.h>
#include <unistd.h>

static pthread_mutex_t lock = PTHREAD_MUTEX_INITIALIZER;
static int handled;

static FRAME void on_usr1(int number)
{
    (void)number;
    pthread_mutex_lock(&lock);
    handled++;
    pthread_mutex_unlock(&lock);
}

static FRAME void work(int round)
{
    char *copy = malloc(32);
    if (copy)
        snprintf(copy, 32, "round %d", round);
    free(copy);
}

int main(void)
{
    struct sigaction one = {.sa_handler = on_usr1};
    sigset_t blocked, before;
    sigfillset(&blocked);
    sigaction(SIGUSR1, &one, NULL);
    pthread_sigmask(SIG_BLOCK, &blocked, &before);
    work(0);
    pthread_sigmask(SIG_SETMASK, &before, NULL);
    for (int i = 0; i < 8 || (handled < 2 && i < 1000); i++) {
        struct timeval soon = {0, 10000};
        pid_t sender = fork();
        if (sender == 0) {
            usleep(1000);
            kill(getppid(), SIGUSR1);
            _exit(0);
        }
        select(0, NULL, NULL, NULL, &soon);
        work(i);
    }
    printf("%d\n", handled > 1);
    return 0;
}
