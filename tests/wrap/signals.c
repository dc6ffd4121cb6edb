/* Signals that interrupt the recorder everywhere: handlers that lock, allocate, poll, and handlers of the service's
 * own. */
#include "transcript.h"

#include <poll.h>
#include <setjmp.h>
#include <sys/mman.h>
#include <sys/time.h>

static pthread_mutex_t first = PTHREAD_MUTEX_INITIALIZER, second = PTHREAD_MUTEX_INITIALIZER;
static pthread_mutex_t inside = PTHREAD_MUTEX_INITIALIZER;
static volatile int stop;
static volatile unsigned long handled;
static __thread volatile bool in_malloc;

static void every(long us)
{
    struct itimerval timer = {{0, us}, {0, us}};
    setitimer(ITIMER_REAL, &timer, NULL);
}

/* Only what could not deadlock in a bare run: trylock of a mutex that nobody else blocks on, and malloc outside
 * malloc. */
static void do_things(int number)
{
    (void)number;
    int saved = errno;
    if (pthread_mutex_trylock(&inside) == 0)
        pthread_mutex_unlock(&inside);
    if (!in_malloc)
        free(malloc(200));
    poll(NULL, 0, 0);
    handled++;
    errno = saved;
}

static void *lock_and_allocate(void *unused)
{
    unsigned long wrong = 0;
    while (!stop) {
        errno = ENOTTY;
        wrong += pthread_mutex_lock(&first) != 0;
        wrong += pthread_mutex_lock(&second) != 0;
        wrong += pthread_mutex_trylock(&second) != EBUSY;
        wrong += pthread_mutex_unlock(&second) != 0;
        wrong += pthread_mutex_unlock(&first) != 0;
        wrong += errno != ENOTTY;
        in_malloc = true;
        free(malloc(64));
        in_malloc = false;
    }
    (void)unused;
    return (void *)wrong;
}

/* Long enough for some, and on a busy machine until there were enough of them. */
static bool goes_on(uint64_t since, unsigned ms, unsigned long wanted)
{
    uint64_t spent = now_ns() - since;
    return spent < ms * UINT64_C(1000000) || (handled <= wanted && spent < UINT64_C(10000000000));
}

static void storm(int flags)
{
    pthread_t threads[2];
    stop = 0;
    handled = 0;
    handle(SIGALRM, do_things, flags);
    for (int i = 0; i < 2; i++)
        threads[i] = start(lock_and_allocate, NULL);
    every(200);
    for (uint64_t since = now_ns(); goes_on(since, 500, 100);)
        pause_ms(1);
    every(0);
    stop = 1;
    for (int i = 0; i < 2; i++)
        say("%ld wrong", (long)finish(threads[i]));
    say("handled %s", handled > 100 ? "many" : "few");
}

static sigjmp_buf fault;

static void on_fault(int number, siginfo_t *info, void *context)
{
    (void)context;
    say("signal %d at %s", number, info->si_addr == (void *)16 ? "16" : "another place");
    siglongjmp(fault, 1);
}

static volatile int *volatile nowhere = (int *)16;

static void faults(void)
{
    size_t size = 64 << 10;
    stack_t alternate = {.ss_sp = malloc(size), .ss_size = size};
    struct sigaction action = {.sa_sigaction = on_fault, .sa_flags = SA_SIGINFO | SA_ONSTACK};
    say("-- faults");
    returned("sigaltstack", sigaltstack(&alternate, NULL));
    sigaction(SIGSEGV, &action, NULL);
    for (int i = 0; i < 3; i++)
        if (sigsetjmp(fault, 1) == 0)
            *nowhere = 1;
    alternate.ss_flags = SS_DISABLE;
    returned("sigaltstack", sigaltstack(&alternate, NULL));
    free(alternate.ss_sp);
    signal(SIGSEGV, SIG_DFL);
}

/* On the alternate stack, as crash reporters do it. */
static void on_alternate(int number)
{
    do_things(number);
    pthread_mutex_t own = PTHREAD_MUTEX_INITIALIZER;
    pthread_mutex_lock(&own);
    pthread_mutex_unlock(&own);
}

static void alternate_stack(void)
{
    size_t size = 16 << 10;
    stack_t alternate = {.ss_sp = mmap(NULL, size, PROT_READ | PROT_WRITE, MAP_PRIVATE | MAP_ANONYMOUS, -1, 0),
                         .ss_size = size};
    say("-- alternate stack");
    sigaltstack(&alternate, NULL);
    handle(SIGALRM, on_alternate, SA_ONSTACK | SA_RESTART);
    handled = 0;
    every(200);
    unsigned long wrong = 0;
    for (uint64_t since = now_ns(); goes_on(since, 150, 30);) {
        wrong += pthread_mutex_lock(&first) != 0;
        wrong += pthread_mutex_lock(&second) != 0;
        wrong += pthread_mutex_unlock(&second) != 0;
        wrong += pthread_mutex_unlock(&first) != 0;
    }
    every(0);
    say("%lu wrong, handled %s", wrong, handled > 30 ? "many" : "few");
    alternate.ss_flags = SS_DISABLE;
    sigaltstack(&alternate, NULL);
    munmap(alternate.ss_sp, size);
}

static void die(int number)
{
    raise(number);
}
static void by_segv(void)
{
    *nowhere = 1;
}
static void by_abort(void)
{
    abort();
}
static void by_term(void)
{
    die(SIGTERM);
}
static void at_end(void)
{
    say("at_quick_exit handler locks: %s", error_name(pthread_mutex_trylock(&inside)));
}
static void by_quick_exit(void)
{
    at_quick_exit(at_end);
    quick_exit(21);
}

static void *exit_here(void *unused)
{
    exit(22);
    return unused;
}

static void by_exit_of_a_thread(void)
{
    stop = 0;
    start(lock_and_allocate, NULL);
    start(exit_here, NULL);
    for (;;)
        pause();
}

int main(void)
{
    storm(0);
    storm(SA_RESTART);
    faults();
    alternate_stack();
    in_child("fault", by_segv);
    in_child("abort", by_abort);
    in_child("SIGTERM", by_term);
    in_child("quick_exit", by_quick_exit);
    in_child("exit of a thread", by_exit_of_a_thread);
    return 0;
}
