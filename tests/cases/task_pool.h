/*
 * task_pool.h - a pool of threads that run tasks and hand out futures, as services write them.
 */
#ifndef TASK_POOL_H
#define TASK_POOL_H

#include "case.h"

#include <condition_variable>
#include <deque>
#include <functional>
#include <future>
#include <memory>
#include <mutex>
#include <thread>
#include <vector>

class task_pool
{
  public:
    explicit task_pool(int size)
    {
        for (int i = 0; i < size; i++)
            workers.emplace_back([this] { work(); });
    }

    ~task_pool()
    {
        {
            std::lock_guard<std::mutex> hold(mutex);
            closed = true;
        }
        more.notify_all();
        for (auto &w : workers)
            w.join();
    }

    std::future<int> submit(std::function<int()> task)
    {
        auto packaged = std::make_shared<std::packaged_task<int()>>(std::move(task));
        auto result = packaged->get_future();
        {
            std::lock_guard<std::mutex> hold(mutex);
            tasks.push_back([packaged] { (*packaged)(); });
        }
        more.notify_one();
        return result;
    }

  private:
    void work()
    {
        for (;;) {
            std::unique_lock<std::mutex> hold(mutex);
            more.wait(hold, [this] { return closed || !tasks.empty(); });
            if (tasks.empty())
                return;
            auto task = std::move(tasks.front());
            tasks.pop_front();
            hold.unlock();
            task();
        }
    }

    std::mutex mutex;
    std::condition_variable more;
    std::deque<std::function<void()>> tasks;
    bool closed = false;
    std::vector<std::thread> workers;
};
#endif
