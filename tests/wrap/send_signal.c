/* kill, raise, pthread_kill and pause: results, errno, and what they interrupt. */
#include "transcript.h"

#include <setjmp.h>

static volatile sig_atomic_t came;
static sigjmp_buf out;

static void on_signal(int number)
{
    came = number;
}

static void on_jump(int number)
{
    siglongjmp(out, number);
}

static void test_results(void)
{
    errno = 0;
    returned("kill", kill(getpid(), SIGUSR1));
    say("came %d", came == SIGUSR1);
    came = 0;
    returned("kill of nobody", kill(-999999, SIGUSR1));
    returned("kill with no signal", kill(getpid(), 0));
    returned("kill with a wrong one", kill(getpid(), 1000));
    returned("raise", raise(SIGUSR2));
    say("came %d", came == SIGUSR2);
    returned("raise of a wrong one", raise(-1));
    came = 0;
    outcome("pthread_kill", pthread_kill(pthread_self(), SIGUSR1));
    say("came %d", came == SIGUSR1);
    outcome("pthread_kill of a wrong one", pthread_kill(pthread_self(), 1000));
    outcome("pthread_kill with none", pthread_kill(pthread_self(), 0));
}

static void test_pause(void)
{
    struct poke poke;
    came = 0;
    poke_start(&poke, SIGUSR1);
    returned("pause", pause());
    poke_end(&poke);
    say("came %d", came == SIGUSR1);
}

/* The marks that the library keeps on its thread must not outlive what was jumped out of. */
static void test_jumps(void)
{
    static volatile int jumps, rounds;
    signal(SIGUSR2, on_jump);
    for (; rounds < 3; rounds++) {
        if (sigsetjmp(out, 1) == 0)
            raise(SIGUSR2);
        else
            jumps++;
        free(malloc(100));
    }
    say("%d jumps", jumps);
}

static void *paused(void *unused)
{
    for (;;)
        pause();
    return unused;
}

static void test_cancel(void)
{
    pthread_t thread;
    void *value = NULL;
    pthread_create(&thread, NULL, paused, NULL);
    usleep(20000);
    outcome("cancel in pause", pthread_cancel(thread));
    outcome("join", pthread_join(thread, &value));
    say("cancelled %d", value == PTHREAD_CANCELED);
}

int main(void)
{
    signal(SIGUSR1, on_signal);
    signal(SIGUSR2, on_signal);
    test_results();
    test_pause();
    test_jumps();
    test_cancel();
    return 0;
}
