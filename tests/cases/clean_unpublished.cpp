// expect: none
// about: a constructor registers its object with the object's lock held, when nobody else can know that lock
#include "case.h"
#include <memory>
#include <mutex>
#include <thread>
#include <vector>

class Timer;

class Wheel
{
  public:
    void add(Timer *timer)
    {
        std::lock_guard<std::mutex> guard(mutex_);
        timers_.push_back(timer);
    }
    FRAME int tick();

  private:
    std::mutex mutex_;
    std::vector<Timer *> timers_;
};

class Timer
{
  public:
    FRAME explicit Timer(Wheel &wheel)
    {
        std::lock_guard<std::mutex> guard(mutex_);
        left_ = 3;
        wheel.add(this);
        armed_ = true;
    }
    int step()
    {
        std::lock_guard<std::mutex> guard(mutex_);
        return armed_ && left_ > 0 ? --left_ == 0 : 0;
    }

  private:
    std::mutex mutex_;
    int left_;
    bool armed_ = false;
};

int Wheel::tick()
{
    std::lock_guard<std::mutex> guard(mutex_);
    int fired = 0;
    for (Timer *timer : timers_)
        fired += timer->step();
    return fired;
}

int main()
{
    Wheel wheel;
    std::vector<std::unique_ptr<Timer>> timers;
    int stage = 0, fired = 0;
    std::thread maker([&] {
        for (int i = 0; i < 4; i++) {
            timers.push_back(std::make_unique<Timer>(wheel));
            stage_reach(&stage, 2 * i + 1);
            stage_await(&stage, 2 * i + 2);
        }
        stage_await(&stage, 9);
    });
    std::thread clock([&] {
        for (int i = 0; i < 4; i++) {
            stage_await(&stage, 2 * i + 1);
            fired += wheel.tick();
            stage_reach(&stage, 2 * i + 2);
        }
        for (int i = 0; i < 4; i++)
            fired += wheel.tick();
        stage_reach(&stage, 9);
    });
    maker.join();
    clock.join();
    return fired != 4;
}
