// expect: destroy-busy CRITICAL
// where: destroy-busy Ticker::~Ticker|main
// about: an object goes away while its thread waits (with a timeout) on its std::condition_variable
#include "case.h"
#include <chrono>
#include <condition_variable>
#include <mutex>
#include <new>
#include <thread>

static int stage;

class Ticker
{
  public:
    ~Ticker()
    {
        stopped_ = true;
    } // then the members: tick_ is destroyed with a waiter

    FRAME void wait_once()
    {
        std::unique_lock<std::mutex> lock(mutex_);
        stage_reach(&stage, 1);
        tick_.wait_for(lock, std::chrono::milliseconds(200));
        ticks_++;
    }

  private:
    std::mutex mutex_;
    std::condition_variable tick_;
    int ticks_ = 0;
    bool stopped_ = false;
};

int main()
{
    alignas(Ticker) static unsigned char room[sizeof(Ticker)]; // outlives the object, so that only the bug is wrong
    auto *ticker = new (room) Ticker;
    std::thread waiter([ticker] { ticker->wait_once(); });
    stage_await(&stage, 1);
    nap_ms(50);
    ticker->~Ticker();
    waiter.join();
    return 0;
}
