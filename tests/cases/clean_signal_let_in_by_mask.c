// expect: none
// about: a supervisor keeps its signals blocked, lets them in by sigprocmask just around its wait, and works in the handlers, of which one forks a child that goes on in there
#include "case.h"
#include <signal.h>
#include <sys/select.h>
#include <sys/wait.h>
#include <unistd.h>

static pthread_mutex_t lock = PTHREAD_MUTEX_INITIALIZER;
static char *latest;
static int handled;

static FRAME void note(const char *what, int number)
{
    char *copy = malloc(32);
    if (copy)
        snprintf(copy, 32, "%s %d", what, number);
    pthread_mutex_lock(&lock);
    free(latest);
    latest = copy;
    handled++;
    pthread_mutex_unlock(&lock);
}

static FRAME void serve(void)
{
    sigset_t all, before;
    sigfillset(&all);
    sigprocmask(SIG_BLOCK, &all, &before);
    note("child", 1);
    sigprocmask(SIG_SETMASK, &before, NULL);
    note("child", 2);
    _exit(0);
}

static FRAME void on_usr1(int number)
{
    note("signal", number);
    pid_t child = fork();
    if (child == 0)
        serve();
    note("worker", 0);
}

static FRAME void on_usr2(int number)
{
    note("signal", number);
}

int main(void)
{
    struct sigaction one = {.sa_handler = on_usr1}, two = {.sa_handler = on_usr2};
    sigset_t blocked, open;
    sigemptyset(&open);
    sigfillset(&blocked);
    sigfillset(&one.sa_mask);
    sigfillset(&two.sa_mask);
    sigaction(SIGUSR1, &one, NULL);
    sigaction(SIGUSR2, &two, NULL);
    sigprocmask(SIG_SETMASK, &blocked, NULL);
    for (int i = 0; i < 12; i++) {
        struct timeval soon = {0, 20000};
        note("round", i);
        if (i % 3 == 1)
            kill(getpid(), SIGUSR2);
        if (i % 6 == 1)
            kill(getpid(), SIGUSR1);
        pid_t sender = i % 3 == 2 ? fork() : -1;
        if (sender == 0) {
            usleep(2000);
            kill(getppid(), i % 2 ? SIGUSR1 : SIGUSR2);
            _exit(0);
        }
        sigprocmask(SIG_SETMASK, &open, NULL);
        select(0, NULL, NULL, NULL, &soon);
        sigprocmask(SIG_SETMASK, &blocked, NULL);
        note("back", i);
    }
    while (waitpid(-1, NULL, 0) > 0)
        ;
    printf("%d %s\n", handled > 12, latest ? latest : "");
    free(latest);
    return 0;
}
