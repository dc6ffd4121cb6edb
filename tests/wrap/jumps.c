/*
 * Signal handlers that leave what they interrupted by siglongjmp, the recorder among it. Recording must go on
 * afterwards: with the argument "locks", "waits" or "place" the program ends with an inversion that its review has to
 * show.
 */
#include "transcript.h"

#include <poll.h>
#include <setjmp.h>
#include <sys/time.h>

static pthread_mutex_t first = PTHREAD_MUTEX_INITIALIZER, second = PTHREAD_MUTEX_INITIALIZER;

static void every(long us)
{
    struct itimerval timer = {{0, us}, {0, us}};
    setitimer(ITIMER_REAL, &timer, NULL);
}

static sigjmp_buf back;
static volatile int jumps;
static volatile bool may_jump;

static void jump_out(int number)
{
    (void)number;
    if (may_jump && ++jumps)
        siglongjmp(back, 1);
}

/* The handler leaves whatever it interrupted: wrappers and the recorder among it. Own mutexes, as their state is
 * lost. */
static __attribute__((noinline)) void lock_until_jump(void)
{
    pthread_mutex_t a = PTHREAD_MUTEX_INITIALIZER, b = PTHREAD_MUTEX_INITIALIZER;
    may_jump = true;
    for (;;) {
        pthread_mutex_lock(&a);
        pthread_mutex_lock(&b);
        pthread_mutex_unlock(&b);
        pthread_mutex_unlock(&a);
    }
}

static __attribute__((noinline)) void wait_until_jump(void)
{
    may_jump = true;
    for (;;)
        poll(NULL, 0, 1000);
}

/* Another alarm may jump before the jumping ends: how many there were beyond those that are wanted is luck. */
static int at_most(int wanted)
{
    return jumps < wanted ? jumps : wanted;
}

/* Own mutexes every time, as those that were left in the middle stay locked. */
static void jumping(void (*busy)(void), int wanted)
{
    jumps = 0;
    handle(SIGALRM, jump_out, 0);
    if (sigsetjmp(back, 1) == 0)
        every(300);
    may_jump = false;
    if (jumps < wanted)
        busy();
    every(0);
    say("%d jumps", at_most(wanted));
}

/* From the function that locks: the next wrapper stands exactly where the one stood that was left. */
static void jumping_in_place(void)
{
    static pthread_mutex_t own[400];
    jumps = 0;
    handle(SIGALRM, jump_out, 0);
    if (sigsetjmp(back, 1) == 0)
        every(300);
    may_jump = true;
    while (jumps < 300) {
        pthread_mutex_lock(&own[jumps]);
        pthread_mutex_unlock(&own[jumps]);
    }
    may_jump = false;
    every(0);
    say("%d jumps in place", at_most(300));
}

static struct turns turns;

/* Stays alive until the other order was taken: both at once would be the deadlock itself. */
static void *first_then_second(void *unused)
{
    pthread_mutex_lock(&first);
    pthread_mutex_lock(&second);
    pthread_mutex_unlock(&second);
    pthread_mutex_unlock(&first);
    turn_next(&turns, 1);
    turn_wait(&turns, 2);
    return unused;
}

/* Deeper than anything that was interrupted. */
static __attribute__((noinline)) void second_then_first(int depth)
{
    volatile char room[2000] = "";
    if (depth) {
        second_then_first(depth - 1);
    } else {
        pthread_mutex_lock(&second);
        pthread_mutex_lock(&first);
        pthread_mutex_unlock(&first);
        pthread_mutex_unlock(&second);
    }
    (void)room[0];
}

int main(int argc, char **argv)
{
    const char *only = argc > 1 ? argv[1] : "";
    sigset_t alarms; /* for the main thread alone: jump buffers belong to one thread */
    sigemptyset(&alarms);
    sigaddset(&alarms, SIGALRM);
    pthread_sigmask(SIG_BLOCK, &alarms, NULL);
    pthread_t id = start(first_then_second, NULL);
    pthread_sigmask(SIG_UNBLOCK, &alarms, NULL);
    if (!*only || !strcmp(only, "locks"))
        jumping(lock_until_jump, 25);
    if (!*only || !strcmp(only, "waits"))
        jumping(wait_until_jump, 100);
    if (!*only || !strcmp(only, "place"))
        jumping_in_place();
    turn_wait(&turns, 1);
    second_then_first(3);
    turn_next(&turns, 2);
    finish(id);
    return 0;
}
