// expect: none
// kill: 1
// about: a worker takes what is there by try_pop, and waits in pop only when that found nothing
#include "case.h"

#include <condition_variable>
#include <deque>
#include <mutex>
#include <thread>

class Queue
{
  public:
    FRAME void push(int n)
    {
        {
            std::lock_guard<std::mutex> hold(mutex_);
            items_.push_back(n);
        }
        more_.notify_one();
    }
    FRAME bool try_pop(int &n)
    {
        std::lock_guard<std::mutex> hold(mutex_);
        if (items_.empty())
            return false;
        n = items_.front();
        items_.pop_front();
        return true;
    }
    FRAME int pop()
    {
        std::unique_lock<std::mutex> hold(mutex_);
        more_.wait(hold, [this] { return !items_.empty(); });
        int n = items_.front();
        items_.pop_front();
        return n;
    }

  private:
    std::mutex mutex_;
    std::condition_variable more_;
    std::deque<int> items_;
};

static Queue queue;

static void work(int n)
{
    nap_ms(n % 2 ? 2 : 3);
}

static void run()
{
    for (;;) {
        int n;
        while (queue.try_pop(n))
            work(n);
        work(queue.pop());
    }
}

int main()
{
    std::thread worker(run);
    for (int round = 0; round < 5; round++) {
        for (int i = 0; i < 10; i++) {
            queue.push(i); /* most of them while the worker is at work */
            nap_ms(1);
        }
        nap_ms(50);
    }
    worker.join(); /* never: it is idle */
    return 0;
}
