// expect: fork-holding-lock MEDIUM
// where:  fork-holding-lock counted
// about:  a child only tries for a lock that a thread of the parent held at the fork: it never gets it, and counts nothing
#include "case.h"

#include <mutex>
#include <sys/wait.h>
#include <thread>
#include <unistd.h>

static std::mutex counters;
static int stage, count;

static FRAME bool counted()
{
    std::unique_lock lock(counters, std::try_to_lock);
    if (lock)
        count++;
    return lock.owns_lock();
}

int main()
{
    int status = 0;
    std::thread thread([] {
        std::lock_guard lock(counters);
        stage_reach(&stage, 1);
        stage_await(&stage, 2);
    });
    stage_await(&stage, 1);
    pid_t child = fork();
    if (!child) {
        bool any = false;
        for (int i = 0; i < 3; i++)
            any |= counted();
        _exit(any ? 3 : 0);
    }
    require(waitpid(child, &status, 0) == child && !status, "the child counted nothing");
    stage_reach(&stage, 2);
    thread.join();
    return 0;
}
