// expect: none
// std: c++20
// about: jthreads that wait with their stop token, restarted and ended without the lock
#include "case.h"
#include <condition_variable>
#include <deque>
#include <mutex>
#include <stop_token>
#include <thread>

class Mailer
{
  public:
    Mailer() : thread_([this](std::stop_token stop) { run(stop); }) {}
    ~Mailer()
    {
        thread_.request_stop();
    }
    void send(int letter)
    {
        {
            std::lock_guard<std::mutex> guard(mutex_);
            letters_.push_back(letter);
        }
        wake_.notify_one();
    }
    void restart()
    {
        std::jthread next([this](std::stop_token stop) { run(stop); });
        {
            std::lock_guard<std::mutex> guard(mutex_);
            std::swap(next, thread_);
            restarts_++;
        }
        next.request_stop();
        next.join();
    }
    long sent()
    {
        std::lock_guard<std::mutex> guard(mutex_);
        return sent_;
    }

  private:
    FRAME void run(std::stop_token stop)
    {
        std::stop_callback counted(stop, [this] {
            std::lock_guard<std::mutex> guard(stops_mutex_);
            stops_++;
        });
        for (;;) {
            std::unique_lock<std::mutex> guard(mutex_);
            if (!wake_.wait(guard, stop, [this] { return !letters_.empty(); }))
                return;
            letters_.pop_front();
            sent_++;
        }
    }

    std::mutex mutex_, stops_mutex_;
    std::condition_variable_any wake_;
    std::deque<int> letters_;
    long sent_ = 0;
    int restarts_ = 0, stops_ = 0;
    std::jthread thread_;
};

int main()
{
    Mailer mailer;
    for (int i = 0; i < 2000; i++) {
        mailer.send(i);
        if (i % 400 == 399)
            mailer.restart();
    }
    while (mailer.sent() < 2000)
        nap_ms(1);
    return 0;
}
