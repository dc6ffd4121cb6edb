// expect: none
// about: an idle pool on a condition_variable_any, whose own mutex says nothing about the state that is waited for
#include "case.h"

#include <condition_variable>
#include <mutex>
#include <shared_mutex>
#include <unistd.h>

static std::shared_mutex mutex;
static std::condition_variable_any more;
static int queued, done;

static void *worker(void *arg)
{
    for (;;) {
        std::unique_lock<std::shared_mutex> hold(mutex);
        while (!queued)
            more.wait(hold);
        queued--;
        hold.unlock();
        if (stage_arrive(&done) % 8 == 0)
            nap_ms(1);
    }
    return arg;
}

int main()
{
    must(pthread_detach(thread_start(worker, nullptr)), "pthread_detach");
    must(pthread_detach(thread_start(worker, nullptr)), "pthread_detach");
    for (int i = 0; i < 100; i++) {
        std::unique_lock<std::shared_mutex> hold(mutex);
        queued++;
        more.notify_one();
        hold.unlock();
        if (i % 32 == 0)
            nap_ms(2);
    }
    stage_await(&done, 100);
    nap_ms(200);
    printf("%d\n", done);
    fflush(stdout);
    _exit(0);
}
