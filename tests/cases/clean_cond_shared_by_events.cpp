// expect: none
// about: one condition variable announces jobs and their completion; the workers idle after announcing the last one
#include "case.h"

#include <condition_variable>
#include <mutex>
#include <unistd.h>

static std::mutex mutex;
static std::condition_variable changed;
static int jobs, finished;

static void *worker(void *arg)
{
    for (;;) {
        {
            std::unique_lock<std::mutex> hold(mutex);
            changed.wait(hold, [] { return jobs > 0; });
            jobs--;
        }
        sched_yield();
        std::lock_guard<std::mutex> hold(mutex);
        finished++;
        changed.notify_all();
    }
    return arg;
}

int main()
{
    for (int i = 0; i < 3; i++)
        must(pthread_detach(thread_start(worker, nullptr)), "pthread_detach");
    for (int round = 1; round <= 60; round++) {
        std::unique_lock<std::mutex> hold(mutex);
        jobs += 3;
        changed.notify_all();
        if (round % 2)
            changed.wait(hold, [&] { return finished == 3 * round; });
    }
    nap_ms(300);
    std::unique_lock<std::mutex> hold(mutex);
    printf("%d\n", finished);
    fflush(stdout);
    _exit(0);
}
