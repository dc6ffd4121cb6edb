// expect: none
// about: assignments lock the side with the lower address first, one of them for reading; readers go every way
#include "case.h"
#include <functional>
#include <memory>
#include <mutex>
#include <shared_mutex>
#include <thread>
#include <vector>

class Settings
{
  public:
    FRAME void copy_from(const Settings &other)
    {
        std::unique_lock mine(mutex_, std::defer_lock);
        std::shared_lock theirs(other.mutex_, std::defer_lock);
        if (std::less<const Settings *>()(this, &other)) {
            mine.lock();
            theirs.lock();
        } else {
            theirs.lock();
            mine.lock();
        }
        value_ = other.value_;
    }
    FRAME bool equals(const Settings &other) const
    {
        std::shared_lock mine(mutex_);
        std::shared_lock theirs(other.mutex_);
        return value_ == other.value_;
    }

  private:
    mutable std::shared_mutex mutex_;
    int value_ = 0;
};

int main()
{
    std::vector<std::unique_ptr<Settings>> all;
    for (int i = 0; i < 4; i++)
        all.push_back(std::make_unique<Settings>());
    int stage = 0;
    auto exchange = [&](int a, int b) {
        for (int i = 0; i < 10; i++) {
            all[a]->copy_from(*all[b]);
            all[b]->copy_from(*all[a]);
            stage_arrive(&stage);
            while (!all[a]->equals(*all[b]) || !all[b]->equals(*all[a]))
                std::this_thread::yield();
        }
        stage_await(&stage, 20);
    };
    std::thread first(exchange, 0, 1), second(exchange, 2, 3);
    first.join();
    second.join();
    return 0;
}
