// expect: none
// about: snapshots handed over by std::atomic_load and std::atomic_store, with a lock in their ends
#include "case.h"
#include <atomic>
#include <memory>
#include <mutex>
#include <thread>
#include <vector>

static std::mutex ends_mutex, writer_mutex;
static long ends;

struct Snapshot {
    int values[16] = {};
    ~Snapshot()
    {
        std::lock_guard<std::mutex> guard(ends_mutex);
        ends++;
    }
};

static std::shared_ptr<const Snapshot> current = std::make_shared<Snapshot>(), previous;

static FRAME void publish(int i)
{
    std::lock_guard<std::mutex> guard(writer_mutex);
    auto next = std::make_shared<Snapshot>(*std::atomic_load(&current));
    next->values[i % 16]++;
    std::atomic_store(&previous, std::atomic_load(&current));
    std::shared_ptr<const Snapshot> published = next;
    std::atomic_exchange(&current, published);
}

static FRAME int look(int i)
{
    std::lock_guard<std::mutex> guard(ends_mutex);
    return std::atomic_load(&current)->values[i % 16] + (int)ends;
}

int main()
{
    std::vector<std::thread> threads;
    static std::shared_ptr<const Snapshot> first = std::atomic_load(&current);
    threads.emplace_back([] {
        for (int i = 0; i < 1500; i++)
            publish(i);
    });
    threads.emplace_back([] {
        for (int i = 0; i < 1500; i++)
            publish(i);
    });
    for (auto &t : threads)
        t.join();
    return look(0) < 0;
}
