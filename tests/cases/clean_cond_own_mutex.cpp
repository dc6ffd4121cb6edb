// expect: none
// about: a bounded queue: long waits on the mutex that is released meanwhile, timed and not, with producers and
// consumers
#include "case.h"
#include <chrono>
#include <condition_variable>
#include <deque>
#include <mutex>
#include <thread>

class Queue
{
  public:
    void push(int value)
    {
        std::unique_lock<std::mutex> lock(mutex_);
        not_full_.wait(lock, [&] { return items_.size() < 4; });
        items_.push_back(value);
        not_empty_.notify_one();
    }
    bool pop(int *value)
    {
        std::unique_lock<std::mutex> lock(mutex_);
        if (!not_empty_.wait_for(lock, std::chrono::seconds(2), [&] { return !items_.empty(); }))
            return false;
        *value = items_.front();
        items_.pop_front();
        not_full_.notify_one();
        return true;
    }

  private:
    std::mutex mutex_;
    std::condition_variable not_empty_, not_full_;
    std::deque<int> items_;
};

int main()
{
    Queue queue;
    long sum[2] = {0, 0};
    auto produce = [&](int base) {
        for (int i = 0; i < 20; i++) {
            queue.push(base + i);
            if (i % 5 == 0)
                nap_ms(20);
        }
    };
    auto consume = [&](long *total) {
        int value;
        for (int i = 0; i < 20 && queue.pop(&value); i++)
            *total += value;
    };
    std::thread a(produce, 0), b(produce, 100), c(consume, &sum[0]), d(consume, &sum[1]);
    a.join();
    b.join();
    c.join();
    d.join();
    return sum[0] + sum[1] != 2 * 190 + 2000;
}
