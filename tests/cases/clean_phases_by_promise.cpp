// expect: none
// allow: lock-order-cycle LOW
// about: a promise and a packaged task keep the loading apart from what reads the tables the other way round; whoever asks
// about: the future finds it ready, which takes no call at all
#include "case.h"
#include <future>
#include <map>
#include <mutex>
#include <string>
#include <thread>

static std::mutex names_lock, sizes_lock;
static std::map<std::string, int> names;
static std::map<int, long> sizes;

static FRAME void load(int n)
{
    std::lock_guard<std::mutex> first(names_lock);
    std::lock_guard<std::mutex> second(sizes_lock);
    names["table " + std::to_string(n)] = n;
    sizes[n] = n * 10L;
}

static FRAME long sum()
{
    std::lock_guard<std::mutex> first(sizes_lock);
    std::lock_guard<std::mutex> second(names_lock);
    long all = 0;
    for (auto &one : names)
        all += sizes[one.second];
    return all;
}

static void loader(std::promise<int> loaded)
{
    for (int i = 0; i < 3; i++)
        load(i);
    loaded.set_value(3);
    nap_ms(80);
}

int main()
{
    std::promise<int> loaded;
    std::shared_future<int> ready = loaded.get_future();
    std::packaged_task<int()> task([] {
        load(7);
        return 7;
    });
    std::shared_future<int> extra = task.get_future();
    std::thread first(loader, std::move(loaded)), second([&task] {
        task();
        nap_ms(80);
    });
    nap_ms(40);
    long total = 0, again = 0;
    std::thread reader([&] {
        extra.get();
        total = ready.get() ? sum() : 0;
    });
    std::thread late([&] {
        extra.wait();
        again = ready.get() ? sum() : 0;
    });
    for (auto *t : {&reader, &late, &first, &second})
        t->join();
    return total == 100 && again == 100 ? 0 : 1;
}
