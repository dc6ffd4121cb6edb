// expect: lock-order-cycle CRITICAL
// where: lock-order-cycle load
// where: lock-order-cycle refresh
// about: an initialiser nests two locks the other way round than a thread does that never waits for it
#include "case.h"

#include <mutex>
#include <thread>

static std::mutex registry, cache;
static std::once_flag loaded;
static int entries, stage;

static FRAME void load()
{
    std::lock_guard<std::mutex> outer(registry);
    std::lock_guard<std::mutex> inner(cache);
    entries++;
}

static FRAME void refresh()
{
    std::lock_guard<std::mutex> outer(cache);
    std::lock_guard<std::mutex> inner(registry);
    entries++;
}

int main()
{
    std::thread first([] {
        refresh();
        stage_reach(&stage, 1);
        stage_await(&stage, 2);
    });
    std::thread second([] {
        stage_await(&stage, 1);
        std::call_once(loaded, load);
        stage_reach(&stage, 2);
    });
    first.join();
    second.join();
    printf("%d\n", entries);
}
