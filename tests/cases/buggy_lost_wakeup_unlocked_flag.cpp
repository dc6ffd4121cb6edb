// expect: lost-wakeup HIGH
// where: lost-wakeup Drain::wait
// kill: 2
// about: the flag is set and announced without the mutex, between the waiter's look at it and its wait
#include "case.h"

#include <atomic>
#include <condition_variable>
#include <mutex>
#include <thread>

static int stage;

class Drain
{
  public:
    FRAME void wait()
    {
        std::unique_lock<std::mutex> hold(mutex_);
        while (!drained_) {
            stage_reach(&stage, 1);
            stage_await(&stage, 2); /* a moment that is usually too short to be noticed */
            condition_.wait(hold);
        }
    }
    void finish()
    {
        drained_ = true; /* should be set with mutex_ held */
        condition_.notify_all();
    }

  private:
    std::mutex mutex_;
    std::condition_variable condition_;
    std::atomic<bool> drained_{false};
};

int main()
{
    Drain drain;
    std::thread waiter([&] { drain.wait(); });
    stage_await(&stage, 1);
    drain.finish();
    stage_reach(&stage, 2);
    waiter.join(); /* never */
    return 0;
}
