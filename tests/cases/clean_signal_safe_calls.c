// expect: none
// about: handlers that set a flag, write to a pipe, post a semaphore or jump out of a wait; locks and heap are used outside
#include "case.h"
#include <semaphore.h>
#include <setjmp.h>
#include <signal.h>
#include <unistd.h>

static pthread_mutex_t lock = PTHREAD_MUTEX_INITIALIZER;
static int ends[2];
static sem_t posted;
static sigjmp_buf timeout;
static volatile sig_atomic_t flag;

static void on_usr1(int signal)
{
    char c = (char)signal;
    flag = 1;
    sem_post(&posted);
    if (write(ends[1], &c, 1) != 1)
        _exit(3);
}

static void on_alarm(int signal)
{
    siglongjmp(timeout, signal);
}

static FRAME int work(int n)
{
    char *text = strdup("outside");
    pthread_mutex_lock(&lock);
    n += text && text[0] == 'o';
    pthread_mutex_unlock(&lock);
    free(text);
    return n;
}

int main(void)
{
    static int n, jumps;
    char c;
    struct sigaction action = {.sa_handler = on_usr1, .sa_flags = SA_RESTART};
    must(pipe(ends), "pipe");
    sem_init(&posted, 0, 0);
    sigaction(SIGUSR1, &action, NULL);
    action.sa_handler = on_alarm;
    sigaction(SIGALRM, &action, NULL);
    for (int i = 0; i < 3; i++) {
        raise(SIGUSR1);
        sem_wait(&posted);
        n = work(n);
        if (read(ends[0], &c, 1) != 1)
            return 2;
        if (sigsetjmp(timeout, 1) == 0) {
            ualarm(20000, 0);
            if (read(ends[0], &c, 1) == 1)
                return 2;
        } else {
            jumps++;
        }
        n = work(n);
    }
    printf("%d %d %d\n", n, jumps, (int)flag);
    return 0;
}
