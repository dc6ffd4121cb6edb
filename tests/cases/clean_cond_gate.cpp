// expect: none
// kill: 0.8
// about: a gate is opened and shut again while the worker is busy, which rests at it from then on, as it should
#include "case.h"

#include <condition_variable>
#include <mutex>
#include <thread>

class Gate
{
  public:
    FRAME void pass()
    {
        std::unique_lock<std::mutex> hold(mutex_);
        opened_.wait(hold, [this] { return open_; });
    }
    FRAME void set(bool open)
    {
        std::lock_guard<std::mutex> hold(mutex_);
        open_ = open;
        if (open)
            opened_.notify_all();
    }

  private:
    std::mutex mutex_;
    std::condition_variable opened_;
    bool open_ = true;
};

static Gate gate;
static int rounds;

int main()
{
    std::thread worker([] {
        for (;;) {
            gate.pass();
            stage_arrive(&rounds);
            nap_ms(40);
        }
    });
    stage_await(&rounds, 1);
    nap_ms(10);
    gate.set(false);
    nap_ms(80);
    gate.set(true); /* it waits there */
    stage_await(&rounds, 2);
    gate.set(false);
    gate.set(true); /* it is busy */
    gate.set(false);
    worker.join();
}
