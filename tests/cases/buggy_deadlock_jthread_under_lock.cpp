// expect: deadlock CRITICAL
// allow: lock-across-block
// where: deadlock Poller::restart
// kill: 3
// std: c++20
// about: a jthread is replaced under the lock that its loop takes; its destructor asks it to stop, and joins
#include "case.h"
#include <condition_variable>
#include <mutex>
#include <stop_token>
#include <thread>

class Poller
{
  public:
    void start()
    {
        std::lock_guard<std::mutex> guard(mutex_);
        thread_ = std::jthread([this](std::stop_token stop) { run(stop); });
    }
    FRAME void restart()
    {
        std::lock_guard<std::mutex> guard(mutex_);
        rounds_ = 0;
        thread_ = std::jthread([this](std::stop_token stop) { run(stop); });
        restarts_++;
    }
    int rounds()
    {
        std::lock_guard<std::mutex> guard(mutex_);
        return rounds_;
    }

  private:
    FRAME void run(std::stop_token stop)
    {
        std::unique_lock<std::mutex> guard(mutex_);
        while (!stop.stop_requested()) {
            rounds_++;
            wake_.wait_for(guard, stop, std::chrono::milliseconds(2), [] { return false; });
        }
    }

    std::mutex mutex_;
    std::condition_variable_any wake_;
    int rounds_ = 0, restarts_ = 0;
    std::jthread thread_;
};

int main()
{
    Poller poller;
    poller.start();
    while (poller.rounds() < 5)
        nap_ms(5);
    poller.restart();
    return 0;
}
