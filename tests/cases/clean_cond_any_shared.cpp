// expect: none
// about: readers wait on a condition_variable_any with a shared_lock, the writer notifies under his unique lock
#include "case.h"
#include <condition_variable>
#include <mutex>
#include <shared_mutex>
#include <thread>
#include <vector>

static std::shared_mutex config_mutex;
static std::condition_variable_any changed;
static int version;

static FRAME int await_version(int wanted)
{
    std::shared_lock<std::shared_mutex> reading(config_mutex);
    changed.wait(reading, [&] { return version >= wanted; });
    return version;
}

static FRAME void set_version(int to)
{
    std::unique_lock<std::shared_mutex> writing(config_mutex);
    version = to;
    changed.notify_all();
}

int main()
{
    std::vector<std::thread> readers;
    for (int i = 0; i < 3; i++)
        readers.emplace_back([] {
            for (int v = 1; v <= 20; v++)
                await_version(v);
        });
    for (int v = 1; v <= 20; v++) {
        nap_ms(2);
        set_version(v);
    }
    for (auto &r : readers)
        r.join();
    return 0;
}
