// expect: deadlock CRITICAL
// where: deadlock Stage::hand_over
// allow: lock-order-cycle lock-order-instances
// kill: 0.6
// about: a ring of three pipeline stages, each locking itself and then its successor through std::mutex
#include "case.h"
#include <mutex>
#include <thread>
#include <vector>

static int holding;

class Stage
{
  public:
    void follow(Stage *next)
    {
        next_ = next;
    }

    FRAME int hand_over()
    {
        std::lock_guard<std::mutex> mine(mutex_);
        stage_arrive(&holding);
        stage_await(&holding, 3);
        std::lock_guard<std::mutex> theirs(next_->mutex_);
        next_->items_ += items_;
        items_ = 0;
        return next_->items_;
    }

  private:
    std::mutex mutex_;
    Stage *next_ = nullptr;
    int items_ = 1;
};

int main()
{
    static Stage stages[3];
    std::vector<std::thread> threads;
    for (int i = 0; i < 3; i++)
        stages[i].follow(&stages[(i + 1) % 3]);
    for (auto &stage : stages)
        threads.emplace_back([&stage] { stage.hand_over(); });
    for (auto &thread : threads)
        thread.join();
    return 0;
}
