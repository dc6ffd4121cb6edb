// expect: lock-order-cycle CRITICAL
// where: lock-order-cycle Session::cancel
// where: lock-order-cycle Registry::sweep
// std: c++20
// about: request_stop under a lock runs a callback that takes another one, which comes first elsewhere
#include "case.h"
#include <mutex>
#include <optional>
#include <stop_token>
#include <thread>
#include <vector>

class Registry;

class Session
{
  public:
    FRAME void cancel()
    {
        std::lock_guard<std::mutex> guard(mutex_);
        stop_.request_stop();
        cancelled_ = true;
    }
    FRAME bool idle()
    {
        std::lock_guard<std::mutex> guard(mutex_);
        return !cancelled_ && !busy_;
    }
    std::stop_token token()
    {
        return stop_.get_token();
    }

  private:
    std::mutex mutex_;
    std::stop_source stop_;
    bool cancelled_ = false, busy_ = false;
};

class Registry
{
  public:
    FRAME void removed()
    {
        std::lock_guard<std::mutex> guard(mutex_);
        open_--;
    }
    FRAME int sweep(std::vector<Session *> &sessions)
    {
        std::lock_guard<std::mutex> guard(mutex_);
        int idle = 0;
        for (Session *s : sessions)
            idle += s->idle();
        return idle + open_;
    }

  private:
    std::mutex mutex_;
    int open_ = 3;
};

int main()
{
    int stage = 0;
    Registry registry;
    Session a, b;
    std::vector<Session *> sessions{&a, &b};
    auto gone = [&] { registry.removed(); };
    std::stop_callback on_a(a.token(), gone), on_b(b.token(), gone);
    std::jthread sweeper([&] {
        for (int i = 0; i < 10; i++)
            registry.sweep(sessions);
        stage_reach(&stage, 1);
        stage_await(&stage, 2);
    });
    std::jthread user([&] {
        stage_await(&stage, 1);
        a.cancel();
        b.cancel();
        stage_reach(&stage, 2);
    });
    return 0;
}
