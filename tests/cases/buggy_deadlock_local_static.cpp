// expect: deadlock CRITICAL
// allow: lock-order-cycle
// where: deadlock Registry|catalog_refresh
// kill: 3
// about: the constructor of a local static wants a lock whose holder waits for that static
#include "case.h"
#include <mutex>
#include <thread>

static std::mutex registry_mutex;
static int stage, names;

struct Registry {
    FRAME Registry()
    {
        stage_reach(&stage, 1);
        stage_await(&stage, 2);
        std::lock_guard<std::mutex> hold(registry_mutex);
        names++;
    }
    int size = 0;
};

static Registry &catalog()
{
    static Registry instance;
    return instance;
}

static FRAME int catalog_refresh()
{
    std::lock_guard<std::mutex> hold(registry_mutex);
    stage_reach(&stage, 2);
    return catalog().size + names;
}

int main()
{
    int n = 0;
    std::thread loader([] { catalog(); });
    std::thread refresher([&n] {
        stage_await(&stage, 1);
        n = catalog_refresh();
    });
    std::thread idle([] { /* others go on */
                          for (;;)
                              nap_ms(20);
    });
    loader.join();
    refresher.join();
    idle.join();
    return n != 1;
}
