// expect: lock-contention HIGH
// where:  lock-contention refresh
// about:  each of three threads computes a table of prices anew with the rwlock held for writing, before it asks for some
#include "case.h"

#include <cstdint>
#include <mutex>
#include <shared_mutex>
#include <thread>
#include <vector>

class prices
{
  public:
    FRAME void refresh(uint64_t seed)
    {
        std::unique_lock lock(mutex_);
        for (int round = 0; round < 2000; round++)
            for (uint64_t &p : table_)
                seed = p = seed * 6364136223846793005u + 1442695040888963407u;
    }

    FRAME uint64_t ask(size_t i)
    {
        std::shared_lock lock(mutex_);
        return table_[i % table_.size()];
    }

  private:
    std::shared_mutex mutex_;
    std::vector<uint64_t> table_ = std::vector<uint64_t>(512);
};

int main()
{
    prices p;
    std::vector<std::thread> threads;
    for (uint64_t t = 0; t < 3; t++)
        threads.emplace_back([&p, t] {
            uint64_t sum = t;
            for (size_t i = 0; i < 250; i++) {
                p.refresh(t + i);
                for (size_t k = 0; k < 2; k++)
                    sum += p.ask(i + k);
            }
            require(sum != 1, "a sum");
        });
    for (auto &t : threads)
        t.join();
    return 0;
}
