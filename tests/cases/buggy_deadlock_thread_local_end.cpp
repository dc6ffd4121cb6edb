// expect: deadlock CRITICAL
// allow: lock-across-block
// where: deadlock Pool::shrink
// kill: 3
// about: a pool joins a worker under its lock, which the end of the worker's thread_local object needs
#include "case.h"
#include <atomic>
#include <mutex>
#include <thread>
#include <vector>

class Pool
{
  public:
    void grow()
    {
        std::lock_guard<std::mutex> guard(mutex_);
        threads_.emplace_back([this] { run(); });
    }
    FRAME void shrink()
    {
        std::lock_guard<std::mutex> guard(mutex_);
        stop_ = true;
        threads_.back().join();
        threads_.pop_back();
    }
    FRAME void sign(int by)
    {
        std::lock_guard<std::mutex> guard(mutex_);
        signed_ += by;
    }
    int count()
    {
        std::lock_guard<std::mutex> guard(mutex_);
        return signed_;
    }

  private:
    struct Presence {
        explicit Presence(Pool &pool) : pool_(pool)
        {
            pool_.sign(1);
        }
        ~Presence()
        {
            pool_.sign(-1);
        }
        Pool &pool_;
    };
    void run()
    {
        static thread_local Presence presence(*this);
        while (!stop_)
            nap_ms(1);
        (void)presence;
    }
    std::mutex mutex_;
    std::vector<std::thread> threads_;
    std::atomic<bool> stop_{false};
    int signed_ = 0;
};

int main()
{
    Pool pool;
    pool.grow();
    while (!pool.count())
        nap_ms(1);
    pool.shrink();
    return 0;
}
