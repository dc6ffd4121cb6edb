// expect: none
// std: c++17
// about: an initialiser nests two locks the other way round; all others come to them only when it is done
#include "case.h"

#include <mutex>
#include <thread>
#include <vector>

static std::mutex registry, cache, names, values;
static std::once_flag loaded;
static int entries;

static FRAME void load()
{
    std::lock_guard<std::mutex> outer(registry);
    for (int i = 0; i < 3; i++) {
        std::lock_guard<std::mutex> inner(cache);
        entries++;
    }
    nap_ms(5);
}

struct Table {
    FRAME Table()
    {
        std::lock_guard<std::mutex> outer(names);
        std::lock_guard<std::mutex> inner(values);
        entries++;
    }
};

static FRAME void use()
{
    std::call_once(loaded, load);
    static Table table;
    {
        std::lock_guard<std::mutex> outer(cache);
        std::lock_guard<std::mutex> inner(registry);
        entries++;
    }
    std::lock_guard<std::mutex> outer(values);
    std::lock_guard<std::mutex> inner(names);
    entries++;
}

int main()
{
    std::vector<std::thread> threads;
    for (int i = 0; i < 4; i++)
        threads.emplace_back([i] {
            nap_ms(10 * i);
            for (int k = 0; k < 40; k++) {
                use();
                nap_ms(1);
            }
        });
    for (auto &t : threads)
        t.join();
    printf("%d\n", entries > 0);
}
