// Static variables of functions: made once whatever happens; exceptions, cancellation, fork and locks inside, needed by
// their own constructors.
#include "transcript.h"

#include <stdexcept>
#include <string>
#include <thread>
#include <vector>

static pthread_mutex_t mutex = PTHREAD_MUTEX_INITIALIZER;
static struct turns turns;
static int runs;

template <int N> struct Counted {
    std::string text;
    Counted() : text(N + 40, 'x')
    {
        __atomic_add_fetch(&runs, 1, __ATOMIC_RELAXED);
        pause_ms(2);
        outcome("lock inside", pthread_mutex_lock(&mutex));
        outcome("unlock inside", pthread_mutex_unlock(&mutex));
    }
    ~Counted()
    {
        say("end of %d", N);
    }
};

template <int N> static size_t counted()
{
    static Counted<N> instance;
    return instance.text.size();
}

template <int N> static void by_many()
{
    std::vector<std::thread> threads;
    size_t sum = 0;
    runs = 0;
    for (int i = 0; i < 6; i++)
        threads.emplace_back([&sum] {
            errno = 77;
            __atomic_add_fetch(&sum, counted<N>(), __ATOMIC_RELAXED);
            if (errno != 77)
                say("errno %d", errno);
        });
    for (auto &t : threads)
        t.join();
    say("runs %d, sum %zu", runs, sum);
}

static int attempts;

struct Third {
    Third()
    {
        pthread_mutex_lock(&mutex);
        pthread_mutex_unlock(&mutex);
        if (++attempts < 3)
            throw std::runtime_error("attempt " + std::to_string(attempts));
    }
};

static void third()
{
    static Third instance;
}

static void exceptions()
{
    for (int i = 0; i < 4; i++)
        try {
            third();
            say("made after %d attempts", attempts);
        } catch (const std::runtime_error &e) {
            say("caught: %s", e.what());
        }
}

static int raced_attempts;

struct Fourth {
    Fourth()
    {
        pause_ms(3);
        if (++raced_attempts <= 3)
            throw std::runtime_error("not yet");
    }
};

static void exceptions_among_many()
{
    std::vector<std::thread> threads;
    int caught = 0;
    for (int i = 0; i < 8; i++)
        threads.emplace_back([&caught] {
            try {
                static Fourth instance;
            } catch (const std::runtime_error &) {
                __atomic_add_fetch(&caught, 1, __ATOMIC_RELAXED);
            }
        });
    for (auto &t : threads)
        t.join();
    say("attempts %d, caught %d", raced_attempts, caught);
}

static bool cancel_it;

struct Cancelled {
    Cancelled()
    {
        if (!cancel_it)
            return;
        turn_next(&turns, 1);
        for (;;)
            pause_ms(10000);
    }
};

static void *cancelled(void *arg)
{
    static Cancelled instance;
    return arg;
}

static void cancellation()
{
    cancel_it = true;
    pthread_t t = start(cancelled, NULL);
    turn_wait(&turns, 1);
    outcome("cancel", pthread_cancel(t));
    void *result = NULL;
    pthread_join(t, &result);
    say("cancelled: %d", result == PTHREAD_CANCELED);
    cancel_it = false;
    cancelled(NULL);
    say("made after a cancellation");
}

static int needed(int depth);

struct Recursive {
    int value;
    Recursive() : value(needed(1)) {}
};

static int needed(int depth)
{
    if (depth > 1)
        return depth;
    static Recursive instance;
    return instance.value;
}

/* libstdc++ throws as long as there is one thread, which ends the program. */
static void needs_itself()
{
    pid_t child = fork();
    if (!child) {
        needed(0);
        _exit(0);
    }
    int status = 0;
    waitpid(child, &status, 0);
    say("needs itself: %s", WIFSIGNALED(status) ? strsignal(WTERMSIG(status)) : "goes on");
}

struct Forking {
    pid_t child;
    Forking() : child(fork()) {}
};

static pid_t forking()
{
    static Forking instance;
    return instance.child;
}

static void fork_inside()
{
    pid_t child = forking();
    if (!child) {
        say("child: made %d, another %zu", forking() == 0, counted<5>());
        _exit(7);
    }
    int status = 0;
    waitpid(child, &status, 0);
    say("child ended with %d", WEXITSTATUS(status));
}

int main()
{
    needs_itself();
    say("alone: %zu", counted<1>());
    by_many<2>();
    by_many<3>();
    exceptions();
    exceptions_among_many();
    cancellation();
    fork_inside();
    outcome("lock", pthread_mutex_lock(&mutex));
    outcome("unlock", pthread_mutex_unlock(&mutex));
    return 0;
}
