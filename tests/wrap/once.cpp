// pthread_once and std::call_once: run once whatever happens; exceptions, cancellation, fork and re-use inside it.
#include "transcript.h"

#include <mutex>
#include <stdexcept>
#include <thread>
#include <vector>

static int runs;
static pthread_once_t control = PTHREAD_ONCE_INIT, inner = PTHREAD_ONCE_INIT;
static pthread_mutex_t mutex = PTHREAD_MUTEX_INITIALIZER;
static struct turns turns;

static void count()
{
    runs++;
    pause_ms(2);
}

static void *call(void *arg)
{
    errno = 77;
    int result = pthread_once((pthread_once_t *)arg, count);
    if (result || errno != 77 || runs != 1)
        say("odd: %d, errno %d, runs %d", result, errno, runs);
    return nullptr;
}

static void by_many()
{
    for (int round = 0; round < 20; round++) {
        pthread_once_t once = PTHREAD_ONCE_INIT;
        pthread_t threads[6];
        runs = 0;
        for (auto &t : threads)
            t = start(call, &once);
        for (auto &t : threads)
            pthread_join(t, nullptr);
        outcome("again", pthread_once(&once, count));
        say("runs %d, state %d", runs, once & 3);
    }
}

static void lock_inside()
{
    outcome("lock inside", pthread_mutex_lock(&mutex));
    outcome("unlock inside", pthread_mutex_unlock(&mutex));
}

static void nest()
{
    outcome("inner", pthread_once(&inner, lock_inside));
    outcome("inner again", pthread_once(&inner, lock_inside));
}

static void nested()
{
    outcome("lock", pthread_mutex_lock(&mutex));
    outcome("unlock", pthread_mutex_unlock(&mutex));
    outcome("outer", pthread_once(&control, nest));
    say("states %d %d", control & 3, inner & 3);
}

static std::once_flag flag;
static int attempts;

static void throw_twice()
{
    pthread_mutex_lock(&mutex);
    pthread_mutex_unlock(&mutex);
    if (++attempts <= 2)
        throw std::runtime_error("attempt " + std::to_string(attempts));
}

static __attribute__((noinline)) void deeper(int depth)
{
    volatile char room[256];
    room[0] = 0;
    if (depth)
        deeper(depth - 1);
    else
        std::call_once(flag, throw_twice);
    room[1] = room[0];
}

static void exceptions()
{
    for (int i = 0; i < 4; i++)
        try {
            i == 1 ? deeper(5) : std::call_once(flag, throw_twice);
            say("call_once returned after %d attempts", attempts);
        } catch (const std::runtime_error &e) {
            say("caught: %s", e.what());
        }
}

static std::once_flag raced;
static int raced_attempts, raced_done;

static void throw_first()
{
    pause_ms(3);
    if (++raced_attempts <= 3)
        throw std::runtime_error("not yet");
    raced_done++;
}

static void exceptions_among_many()
{
    std::vector<std::thread> threads;
    int caught = 0;
    for (int i = 0; i < 8; i++)
        threads.emplace_back([&caught] {
            try {
                std::call_once(raced, throw_first);
            } catch (const std::runtime_error &) {
                __atomic_add_fetch(&caught, 1, __ATOMIC_RELAXED);
            }
        });
    for (auto &t : threads)
        t.join();
    say("attempts %d, caught %d, done %d", raced_attempts, caught, raced_done);
}

static void wait_for_ever()
{
    turn_next(&turns, 1);
    for (;;)
        pause_ms(10000);
}

static void cleanup(void *)
{
    outcome("cleanup: lock", pthread_mutex_lock(&mutex));
    outcome("cleanup: unlock", pthread_mutex_unlock(&mutex));
}

static pthread_once_t left = PTHREAD_ONCE_INIT;

static void *cancelled_inside(void *arg)
{
    pthread_cleanup_push(cleanup, nullptr);
    pthread_once(&left, wait_for_ever);
    pthread_cleanup_pop(0);
    return arg;
}

static int set_ups;

static void set_up()
{
    set_ups++; // in silence: the cancelled thread still speaks
}

static void *call_left(void *arg)
{
    *(int *)arg = pthread_once(&left, set_up);
    return nullptr;
}

static void cancellation()
{
    pthread_t first = start(cancelled_inside, nullptr);
    turn_wait(&turns, 1);
    int result = -1;
    pthread_t second = start(call_left, &result);
    pause_ms(5);
    pthread_cancel(first);
    void *value = nullptr;
    pthread_join(first, &value);
    say("first %s", value == PTHREAD_CANCELED ? "cancelled" : "ended by itself");
    pthread_join(second, nullptr);
    outcome("once after a cancelled one", result);
    say("set up %d times, state %d", set_ups, left & 3);
}

static pthread_once_t forked = PTHREAD_ONCE_INIT;

static void fork_inside()
{
    fflush(stdout);
    pid_t child = fork();
    if (child == 0) {
        pthread_mutex_lock(&mutex);
        pthread_mutex_unlock(&mutex);
        return;
    }
    child_ended("child of a once function", child);
}

static void forks()
{
    pid_t self = getpid();
    outcome("once that forks", pthread_once(&forked, fork_inside));
    if (getpid() != self) {
        int again = pthread_once(&forked, fork_inside);
        _exit(again == 0 && (forked & 3) == 2 ? 5 : 6);
    }
    say("state %d", forked & 3);
}

static pthread_once_t pending = PTHREAD_ONCE_INIT;

static void *cancelled_waiting(void *arg)
{
    pthread_cancel(pthread_self());
    outcome("a wait for another's once function", pthread_once(&pending, count));
    pthread_testcancel();
    return arg;
}

static void hold_open()
{
    turn_next(&turns, 3);
    turn_wait(&turns, 4);
}

static void *open_holder(void *arg)
{
    pthread_once(&pending, hold_open);
    return arg;
}

static void no_cancellation_point()
{
    pthread_t holder = start(open_holder, nullptr);
    turn_wait(&turns, 3);
    pthread_t waiter = start(cancelled_waiting, nullptr);
    pause_ms(5);
    turn_next(&turns, 4);
    void *value = nullptr;
    pthread_join(waiter, &value);
    say("then it ended %s", value == PTHREAD_CANCELED ? "cancelled" : "by itself");
    pthread_join(holder, nullptr);
}

int main()
{
    by_many();
    nested();
    exceptions();
    exceptions_among_many();
    cancellation();
    forks();
    no_cancellation_point();
    return 0;
}
