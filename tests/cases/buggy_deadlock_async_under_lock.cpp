// expect: deadlock CRITICAL
// allow: lock-across-block
// where: deadlock refresh
// kill: 3
// about: the future of a std::async is dropped under a lock: its destructor waits for the task, which needs the lock
#include "case.h"
#include <future>
#include <mutex>

static std::mutex cache_mutex;
static int cached;

static FRAME void load(int key)
{
    nap_ms(20);
    std::lock_guard<std::mutex> guard(cache_mutex);
    cached = key;
}

static FRAME void refresh(int key)
{
    std::lock_guard<std::mutex> guard(cache_mutex);
    if (cached != key)
        auto unused = std::async(std::launch::async, load, key);
}

int main()
{
    refresh(7);
    return 0;
}
