// expect: unlock-not-owner CRITICAL
// where: unlock-not-owner poll_state
// about: a timed_mutex that was not had in time is unlocked all the same, while its owner is at work
#include "case.h"
#include <chrono>
#include <mutex>
#include <thread>

static std::timed_mutex state_mutex;
static int state, stage;

static FRAME int poll_state()
{
    int seen = -1;
    if (state_mutex.try_lock_for(std::chrono::milliseconds(10)))
        seen = state;
    state_mutex.unlock();
    return seen;
}

static FRAME void change_state()
{
    std::lock_guard<std::timed_mutex> guard(state_mutex);
    state++;
    stage_reach(&stage, 1);
    stage_await(&stage, 2);
    state++;
}

int main()
{
    std::thread changer(change_state);
    stage_await(&stage, 1);
    poll_state();
    stage_reach(&stage, 2);
    changer.join();
    return 0;
}
