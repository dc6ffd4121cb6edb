// expect: none
// options: heap=exact
// about: contexts of timers that the kernel alone knows, as the value that comes with the signal
#include "case.h"

#include <signal.h>

struct context {
    char name[80];
    int fired;
};

static void fire(int signal, siginfo_t *info, void *unused)
{
    (void)signal, (void)unused;
    ((struct context *)info->si_value.sival_ptr)->fired++;
}

static FRAME void watch(int i)
{
    struct context *c = calloc(1, sizeof *c);
    snprintf(c->name, sizeof c->name, "timer %d", i);
    struct sigevent event = {.sigev_notify = SIGEV_SIGNAL, .sigev_signo = SIGRTMIN, .sigev_value = {.sival_ptr = c}};
    struct itimerspec hour = {.it_value = {.tv_sec = 3600}};
    timer_t timer;
    require(timer_create(CLOCK_MONOTONIC, &event, &timer) == 0, "timer_create");
    require(timer_settime(timer, 0, &hour, NULL) == 0, "timer_settime");
}

int main(void)
{
    struct sigaction action = {.sa_sigaction = fire, .sa_flags = SA_SIGINFO};
    sigaction(SIGRTMIN, &action, NULL);
    for (int i = 0; i < 200; i++)
        watch(i);
    puts("watched");
    return 0;
}
