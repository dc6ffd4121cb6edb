/* syscall(SYS_futex, ...): results and errors of every operation, times, interruption, and that it is no cancellation
 * point; and other calls through syscall(). */
#include "transcript.h"

#include <linux/futex.h>
#include <sys/mman.h>
#include <sys/syscall.h>

static uint32_t word, other;

static long futex(uint32_t *at, int operation, uint32_t value, const struct timespec *timeout, uint32_t *second,
                  uint32_t value3)
{
    errno = 77;
    return syscall(SYS_futex, at, operation, value, timeout, second, value3);
}

static void errors(void)
{
    struct timespec bad = {0, 1000000000}, negative = {-1, 0}, none = {0, 0}, soon = {0, 20000000};
    uint32_t *nowhere = NULL;
    word = 5;
    returned("wait, other value", futex(&word, FUTEX_WAIT, 4, NULL, NULL, 0));
    returned("wait, no time", futex(&word, FUTEX_WAIT_PRIVATE, 5, &none, NULL, 0));
    returned("wait, bad time", futex(&word, FUTEX_WAIT_PRIVATE, 5, &bad, NULL, 0));
    returned("wait, negative time", futex(&word, FUTEX_WAIT_PRIVATE, 5, &negative, NULL, 0));
    returned("wait nowhere", futex(nowhere, FUTEX_WAIT_PRIVATE, 5, NULL, NULL, 0));
    returned("wait, not aligned", futex((uint32_t *)((char *)&word + 1), FUTEX_WAIT_PRIVATE, 5, NULL, NULL, 0));
    returned("wait for no bits", futex(&word, FUTEX_WAIT_BITSET_PRIVATE, 5, NULL, NULL, 0));
    returned("unknown operation", futex(&word, 99, 5, NULL, NULL, 0));
    returned("wake nobody", futex(&word, FUTEX_WAKE_PRIVATE, 1, NULL, NULL, 0));
    uint64_t since = now_ns();
    returned("wait a while", futex(&word, FUTEX_WAIT_PRIVATE, 5, &soon, NULL, 0));
    say("it %s", waited(since, 19));
    since = now_ns();
    struct timespec until = in_ms(CLOCK_MONOTONIC, 20);
    returned("wait until", futex(&word, FUTEX_WAIT_BITSET_PRIVATE, 5, &until, NULL, FUTEX_BITSET_MATCH_ANY));
    say("it %s", waited(since, 19));
    until = in_ms(CLOCK_REALTIME, 5);
    returned("wait until, realtime",
             futex(&word, FUTEX_WAIT_BITSET_PRIVATE | FUTEX_CLOCK_REALTIME, 5, &until, NULL, FUTEX_BITSET_MATCH_ANY));
}

static void priority_inheritance(void)
{
    word = 0;
    returned("lock pi", futex(&word, FUTEX_LOCK_PI_PRIVATE, 0, NULL, NULL, 0));
    returned("lock pi again", futex(&word, FUTEX_LOCK_PI_PRIVATE, 0, NULL, NULL, 0));
    returned("trylock pi", futex(&word, FUTEX_TRYLOCK_PI_PRIVATE, 0, NULL, NULL, 0));
    returned("unlock pi", futex(&word, FUTEX_UNLOCK_PI_PRIVATE, 0, NULL, NULL, 0));
    returned("unlock pi again", futex(&word, FUTEX_UNLOCK_PI_PRIVATE, 0, NULL, NULL, 0));
    say("word %u", word);
}

static pid_t waiting[5];
static int arrived, woken;

static void *wait_on(void *at)
{
    waiting[__atomic_fetch_add(&arrived, 1, __ATOMIC_SEQ_CST)] = gettid();
    long result = futex(at, FUTEX_WAIT_PRIVATE, 0, NULL, NULL, 0);
    if (result == 0 && errno == 77)
        __atomic_add_fetch(&woken, 1, __ATOMIC_SEQ_CST);
    return NULL;
}

static bool sleeps(pid_t tid)
{
    char name[64], text[256] = "";
    snprintf(name, sizeof name, "/proc/self/task/%d/stat", (int)tid);
    FILE *f = fopen(name, "r");
    char *end = f && fgets(text, sizeof text, f) ? strrchr(text, ')') : NULL;
    if (f)
        fclose(f);
    return end && end[1] && end[2] == 'S';
}

static void all_asleep(void)
{
    for (int i = 0; i < 5; i++)
        while (__atomic_load_n(&arrived, __ATOMIC_SEQ_CST) < 5 || !sleeps(waiting[i]))
            pause_ms(1);
}

static void waking(void)
{
    pthread_t threads[5];
    word = other = 0;
    arrived = woken = 0;
    for (int i = 0; i < 5; i++)
        threads[i] = start(wait_on, &word);
    all_asleep();
    returned("requeue two of them", futex(&word, FUTEX_CMP_REQUEUE_PRIVATE, 1, (void *)2, &other, 0));
    returned("requeue, other value", futex(&word, FUTEX_CMP_REQUEUE_PRIVATE, 1, (void *)2, &other, 9));
    returned("wake all there", futex(&word, FUTEX_WAKE_PRIVATE, 100, NULL, NULL, 0));
    returned("wake those requeued", futex(&other, FUTEX_WAKE_PRIVATE, 100, NULL, NULL, 0));
    for (int i = 0; i < 5; i++)
        pthread_join(threads[i], NULL);
    say("woken %d", woken);
}

static void nothing(int number)
{
    (void)number;
}

static pthread_t sleeper;
static volatile int stop_signals;

static void *send_signals(void *arg)
{
    while (!stop_signals) {
        pthread_kill(sleeper, SIGUSR1);
        pause_ms(2);
    }
    return arg;
}

static void interrupted(void)
{
    sleeper = pthread_self();
    handle(SIGUSR1, nothing, 0);
    pthread_t sender = start(send_signals, NULL);
    word = 0;
    struct timespec long_time = {30, 0};
    returned("wait, interrupted", futex(&word, FUTEX_WAIT_PRIVATE, 0, &long_time, NULL, 0));
    stop_signals = 1;
    pthread_join(sender, NULL);
}

static void *cancelled_waiting(void *arg)
{
    struct timespec soon = {0, 10000000};
    pthread_cancel(pthread_self());
    returned("wait of a cancelled thread", futex(&word, FUTEX_WAIT_PRIVATE, 0, &soon, NULL, 0));
    pthread_testcancel();
    return arg;
}

static void other_calls(void)
{
    long pages =
            syscall(SYS_mmap, 0l, 8192l, (long)(PROT_READ | PROT_WRITE), (long)(MAP_PRIVATE | MAP_ANONYMOUS), -1l, 0l);
    say("six arguments: %s", pages == -1 ? error_name(errno) : "ok");
    returned("munmap", syscall(SYS_munmap, pages, 8192l));
    errno = 77;
    returned("no such call", syscall(100000));
    errno = 77;
    long pid = syscall(SYS_getpid);
    say("pid %d, errno kept %d", pid == getpid(), errno);
}

/* A lock as many programs make it by hand: 0 free, 1 taken, 2 taken and wanted. */
static void lock_by_hand(uint32_t *at)
{
    uint32_t seen = 0;
    if (__atomic_compare_exchange_n(at, &seen, 1, false, __ATOMIC_ACQUIRE, __ATOMIC_RELAXED))
        return;
    while (__atomic_exchange_n(at, 2, __ATOMIC_ACQUIRE))
        syscall(SYS_futex, at, FUTEX_WAIT_PRIVATE, 2, NULL);
}

static void unlock_by_hand(uint32_t *at)
{
    if (__atomic_exchange_n(at, 0, __ATOMIC_RELEASE) == 2)
        syscall(SYS_futex, at, FUTEX_WAKE_PRIVATE, 1);
}

static uint32_t hand_lock;
static unsigned long counted;

static void *count(void *arg)
{
    for (int i = 0; i < 20000; i++) {
        lock_by_hand(&hand_lock);
        counted++;
        unlock_by_hand(&hand_lock);
    }
    return arg;
}

int main(void)
{
    pthread_t threads[4];
    errors();
    priority_inheritance();
    waking();
    interrupted();
    word = 0;
    void *value = NULL;
    pthread_join(start(cancelled_waiting, NULL), &value);
    say("then it ended %s", value == PTHREAD_CANCELED ? "cancelled" : "by itself");
    other_calls();
    for (int i = 0; i < 4; i++)
        threads[i] = start(count, NULL);
    for (int i = 0; i < 4; i++)
        pthread_join(threads[i], NULL);
    say("counted %lu", counted);
    return 0;
}
