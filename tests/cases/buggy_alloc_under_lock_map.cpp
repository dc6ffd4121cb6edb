// expect: alloc-under-lock HIGH|MEDIUM
// allow: lock-contention lock-convoy lock-starvation long-hold alloc-churn
// where: alloc-under-lock Index::put
// needs: processors
// about: an index of strings is filled and emptied by four threads; nodes and texts are allocated under its mutex
#include "case.h"

#include <chrono>
#include <map>
#include <mutex>
#include <string>
#include <thread>
#include <vector>

class Index
{
  public:
    FRAME void put(int key)
    {
        std::lock_guard<std::mutex> guard(mutex_);
        entries_[key] = std::string(60, char('a' + key % 26));
        if (entries_.size() > 100)
            entries_.erase(entries_.begin());
    }

  private:
    std::mutex mutex_;
    std::map<int, std::string> entries_;
};

int main()
{
    Index index;
    std::vector<std::thread> threads;
    for (int i = 0; i < 4; i++)
        threads.emplace_back([&index, i] {
            auto end = std::chrono::steady_clock::now() + std::chrono::milliseconds(800);
            for (int n = i; std::chrono::steady_clock::now() < end; n += 4)
                index.put(n);
        });
    for (auto &t : threads)
        t.join();
    return 0;
}
