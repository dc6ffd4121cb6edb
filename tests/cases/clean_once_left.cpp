// expect: none
// about: functions of a once control are left by an exception, and by the end of their thread; others wait and take over
#include "case.h"
#include <mutex>
#include <stdexcept>
#include <thread>

static std::once_flag flag;
static pthread_once_t control = PTHREAD_ONCE_INIT;
static std::mutex mutex;
static int attempts, stage, set_up;

static FRAME void fail_first()
{
    nap_ms(60);
    if (__atomic_add_fetch(&attempts, 1, __ATOMIC_SEQ_CST) <= 2)
        throw std::runtime_error("not yet");
}

static FRAME void try_once()
{
    try {
        std::call_once(flag, fail_first);
    } catch (const std::runtime_error &) {
        std::lock_guard<std::mutex> hold(mutex);
        set_up--;
    }
}

static FRAME void wait_for_long()
{
    stage_reach(&stage, 1);
    for (;;)
        nap_ms(1000);
}

static void *cancelled(void *arg)
{
    pthread_once(&control, wait_for_long);
    return arg;
}

static FRAME void finish_it()
{
    std::lock_guard<std::mutex> hold(mutex);
    set_up += 10;
}

static void *takes_over(void *arg)
{
    pthread_once(&control, finish_it);
    return arg;
}

int main()
{
    std::thread threads[4];
    for (auto &t : threads)
        t = std::thread(try_once);
    for (auto &t : threads)
        t.join();
    pthread_t first = thread_start(cancelled, nullptr);
    stage_await(&stage, 1);
    pthread_t second = thread_start(takes_over, nullptr);
    nap_ms(100);
    pthread_cancel(first);
    pthread_join(first, nullptr);
    thread_join(second);
    return set_up != 8;
}
