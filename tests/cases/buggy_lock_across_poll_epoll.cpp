// expect: lock-across-poll HIGH
// where: lock-across-poll Reactor::turn
// allow: lock-across-block lock-contention long-hold
// about: a reactor keeps its std::mutex for the whole turn, epoll_wait included, and post() waits for the next event
#include "case.h"
#include <functional>
#include <mutex>
#include <sys/epoll.h>
#include <sys/eventfd.h>
#include <thread>
#include <unistd.h>
#include <vector>

class Reactor
{
  public:
    Reactor() : epoll_(epoll_create1(EPOLL_CLOEXEC)), wake_(eventfd(0, EFD_CLOEXEC | EFD_NONBLOCK))
    {
        epoll_event event = {};
        event.events = EPOLLIN;
        require(epoll_ >= 0 && wake_ >= 0, "descriptors");
        require(epoll_ctl(epoll_, EPOLL_CTL_ADD, wake_, &event) == 0, "epoll_ctl");
    }
    ~Reactor()
    {
        close(epoll_);
        close(wake_);
    }

    FRAME size_t turn()
    {
        std::lock_guard<std::mutex> guard(mutex_);
        epoll_event event;
        epoll_wait(epoll_, &event, 1, 60);
        for (auto &task : tasks_)
            task();
        size_t n = tasks_.size();
        tasks_.clear();
        return n;
    }

    FRAME void post(std::function<void()> task)
    {
        std::lock_guard<std::mutex> guard(mutex_);
        tasks_.push_back(std::move(task));
    }

  private:
    std::mutex mutex_;
    std::vector<std::function<void()>> tasks_;
    int epoll_, wake_;
};

int main()
{
    Reactor reactor;
    int ran = 0;
    std::thread loop([&] {
        for (int i = 0; i < 6; i++) {
            reactor.turn();
            std::this_thread::yield();
        }
    });
    nap_ms(20);
    reactor.post([&] { ran++; });
    loop.join();
    reactor.turn();
    return ran != 1;
}
