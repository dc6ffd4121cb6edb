// expect: lock-order-instances HIGH
// where: lock-order-instances Settings::copy_from
// about: an assignment locks its own side for writing and the other for reading; two threads never share a pair
#include "case.h"
#include <memory>
#include <mutex>
#include <shared_mutex>
#include <string>
#include <thread>
#include <vector>

class Settings
{
  public:
    FRAME void copy_from(const Settings &other)
    {
        std::unique_lock mine(mutex_);
        std::shared_lock theirs(other.mutex_);
        value_ = other.value_;
    }

  private:
    mutable std::shared_mutex mutex_;
    std::string value_ = "default";
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
        }
        stage_arrive(&stage);
        stage_await(&stage, 2);
    };
    std::thread first(exchange, 0, 1), second(exchange, 2, 3);
    first.join();
    second.join();
    return 0;
}
