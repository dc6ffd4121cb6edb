/*
 * Every way to ask for a once control, in every state, with every end of its function: whether that ran and how often,
 * what the caller got, and what the control is made of afterwards.
 */
#include "transcript.h"

#include <mutex>
#include <setjmp.h>
#include <stdexcept>
#include <threads.h>

namespace
{
enum end { RETURNS, THROWS, IS_CANCELLED, EXITS, ENDS };
const char *const end_names[ENDS] = {"returns", "throws", "is cancelled", "ends its thread"};

enum state { FRESH, RUNNING, ABANDONED, DONE, STATES };
const char *const state_names[STATES] = {"fresh", "another's is running", "another's was cancelled", "done"};

enum way { POSIX, C11, CXX, WAYS };
const char *const way_names[WAYS] = {"pthread_once", "call_once", "std::call_once"};

struct attempt {
    enum way way;
    enum state state;
    enum end end;
    union {
        pthread_once_t control;
        once_flag c11;
        std::once_flag cxx;
    };
    int runs, result, error;
    bool threw;
    pid_t tid;
    struct turns running, go;

    attempt(enum way w, enum state s, enum end e)
        : way(w), state(s), end(e), control(PTHREAD_ONCE_INIT), runs(0), result(0), error(0), threw(false),
          tid(0), running{0}, go{0}
    {
    }
};

attempt *current; // the functions of C have no argument

[[noreturn]] void be_cancelled()
{
    pthread_cancel(pthread_self());
    for (;;)
        pthread_testcancel();
}

void judged()
{
    attempt *a = current;
    __atomic_add_fetch(&a->runs, 1, __ATOMIC_RELAXED);
    if (a->end == THROWS)
        throw std::runtime_error("no");
    if (a->end == IS_CANCELLED)
        be_cancelled();
    if (a->end == EXITS)
        pthread_exit(nullptr);
}

// The other's: it goes on, or is left, when it is told to.
void others()
{
    attempt *a = current;
    turn_next(&a->running, 1);
    if (a->state == ABANDONED)
        be_cancelled();
    turn_wait(&a->go, 1);
}

void nothing() {}

int call(attempt *a, void (*function)())
{
    if (a->way == POSIX)
        return pthread_once(&a->control, function);
    if (a->way == C11)
        ::call_once(&a->c11, function);
    else
        std::call_once(a->cxx, function);
    return 0;
}

void *call_other(void *arg)
{
    call(static_cast<attempt *>(arg), others);
    return nullptr;
}

// What is thrown passes through the C library: pthread_once has to be let go by it.
void *ask(void *arg)
{
    attempt *a = static_cast<attempt *>(arg);
    __atomic_store_n(&a->tid, gettid(), __ATOMIC_RELEASE);
    errno = ENOTTY;
    try {
        a->result = call(a, judged);
    } catch (const std::runtime_error &) {
        a->threw = true;
    }
    a->error = errno;
    return arg;
}

void sleep_seen(const attempt *a)
{
    while (!__atomic_load_n(&a->tid, __ATOMIC_ACQUIRE))
        usleep(100);
    for (int looks = 0; looks < 3; looks = thread_sleeps(a->tid) ? looks + 1 : 0)
        usleep(300);
}

void prepare(attempt *a, pthread_t *other)
{
    if (a->state == DONE)
        call(a, nothing);
    if (a->state == FRESH || a->state == DONE)
        return;
    *other = start(call_other, a);
    turn_wait(&a->running, 1);
    if (a->state == ABANDONED)
        pthread_join(*other, nullptr);
}

void make_attempt(enum way way, enum state state, enum end end)
{
    attempt a(way, state, end);
    pthread_t other{};
    void *value = nullptr;
    current = &a;
    prepare(&a, &other);
    pthread_t asker = start(ask, &a);
    if (state == RUNNING) {
        sleep_seen(&a);
        turn_next(&a.go, 1);
        pthread_join(other, nullptr);
    }
    pthread_join(asker, &value);
    const char *ended = value == &a                 ? a.threw ? "threw" : "returned"
                        : value == PTHREAD_CANCELED ? "cancelled"
                                                    : "ended";
    say("%s, %s, function %s: %s %d, ran %d times, control %d%s", way_names[way], state_names[state], end_names[end],
        ended, a.result, a.runs, a.control, value == &a && a.error != ENOTTY ? ", errno changed" : "");
    int again = call(&a, nothing);
    say("  once more: %d, control %d", again, a.control);
}

attempt *forked;

// A function that runs while its process is forked by another thread runs again in the child, which has nobody to wait
// for.
void in_the_child()
{
    current = forked;
    int result = pthread_once(&forked->control, judged);
    say("in the child: %d, ran %d times, control has the mark of done: %d", result, forked->runs,
        (forked->control & 2) != 0);
}

void fork_while_running()
{
    attempt a(POSIX, RUNNING, RETURNS);
    forked = current = &a;
    pthread_t other = start(call_other, &a);
    turn_wait(&a.running, 1);
    in_child("child of a process with a once function running", in_the_child);
    turn_next(&a.go, 1);
    pthread_join(other, nullptr);
    say("in the parent: control %d", a.control);
}
} // namespace

int main()
{
    for (int way = 0; way < WAYS; way++)
        for (int state = 0; state < STATES; state++)
            for (int end = 0; end < ENDS; end++)
                make_attempt(static_cast<enum way>(way), static_cast<enum state>(state), static_cast<enum end>(end));
    fork_while_running();
    return 0;
}
