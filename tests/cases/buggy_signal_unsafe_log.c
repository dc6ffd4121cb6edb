// expect: signal-unsafe-call HIGH
// where: signal-unsafe-call on_alarm
// about: a timer's handler calls the logger, which takes the log's mutex; it interrupts a computation
#include "case.h"
#include <signal.h>
#include <sys/time.h>

static pthread_mutex_t log_lock = PTHREAD_MUTEX_INITIALIZER;
static volatile sig_atomic_t alarms;
static unsigned long lines, work;

static FRAME unsigned long log_line(void)
{
    pthread_mutex_lock(&log_lock);
    unsigned long n = ++lines;
    pthread_mutex_unlock(&log_lock);
    return n;
}

static FRAME void on_alarm(int signal)
{
    (void)signal;
    log_line();
    alarms++;
}

static void *other(void *arg)
{
    log_line();
    return arg;
}

int main(void)
{
    struct sigaction action = {.sa_handler = on_alarm, .sa_flags = SA_RESTART};
    struct itimerval every = {{0, 20000}, {0, 20000}};
    thread_join(thread_start(other, NULL));
    sigaction(SIGALRM, &action, NULL);
    setitimer(ITIMER_REAL, &every, NULL);
    while (alarms < 5)
        work = work * 31 + 7;
    setitimer(ITIMER_REAL, &(struct itimerval){0}, NULL);
    printf("%d\n", lines > 4);
    return 0;
}
