// expect: none
// about: workers with a queue each that steal by try_lock with their own lock in hand
#include "case.h"
#include <condition_variable>
#include <deque>
#include <functional>
#include <mutex>
#include <thread>
#include <vector>

class Pool
{
  public:
    Pool()
    {
        for (unsigned i = 0; i < COUNT; i++)
            workers_[i].thread = std::thread([this, i] { run(i); });
    }
    ~Pool()
    {
        {
            std::lock_guard<std::mutex> guard(sleep_mutex_);
            stop_ = true;
        }
        wake_.notify_all();
        for (auto &w : workers_)
            w.thread.join();
    }
    void post(unsigned to, int job)
    {
        Worker &w = workers_[to % COUNT];
        {
            std::lock_guard<std::mutex> guard(w.mutex);
            w.jobs.push_back(job);
        }
        {
            std::lock_guard<std::mutex> guard(sleep_mutex_);
            posted_++;
        }
        wake_.notify_one();
    }

  private:
    static constexpr unsigned COUNT = 3;
    struct Worker {
        std::mutex mutex;
        std::deque<int> jobs;
        std::thread thread;
        long done = 0;
    };
    FRAME bool take(unsigned me, int &job)
    {
        std::lock_guard<std::mutex> own(workers_[me].mutex);
        auto *jobs = &workers_[me].jobs;
        for (unsigned i = 1; jobs->empty() && i < COUNT; i++) {
            Worker &victim = workers_[(me + i) % COUNT];
            std::unique_lock<std::mutex> other(victim.mutex, std::try_to_lock);
            if (!other || victim.jobs.empty())
                continue;
            jobs->push_back(victim.jobs.front());
            victim.jobs.pop_front();
        }
        if (jobs->empty())
            return false;
        job = jobs->back();
        jobs->pop_back();
        workers_[me].done += job;
        return true;
    }
    void run(unsigned me)
    {
        long seen = 0;
        for (;;) {
            int job;
            while (take(me, job)) {
            }
            std::unique_lock<std::mutex> guard(sleep_mutex_);
            wake_.wait_for(guard, std::chrono::milliseconds(5), [&] { return stop_ || posted_ != seen; });
            if (stop_ && posted_ == seen)
                return;
            seen = posted_;
        }
    }
    Worker workers_[COUNT];
    std::mutex sleep_mutex_;
    std::condition_variable wake_;
    long posted_ = 0;
    bool stop_ = false;
};

int main()
{
    Pool pool;
    for (int i = 0; i < 3000; i++)
        pool.post((unsigned)i % 2, i % 7);
    return 0;
}
