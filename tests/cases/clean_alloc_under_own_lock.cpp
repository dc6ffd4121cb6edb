// expect: none
// allow: alloc-churn
// about: three threads fill maps of their own under locks of their own, which a fourth one takes now and then to look
#include "case.h"

#include <map>
#include <mutex>
#include <string>
#include <thread>
#include <vector>

struct Index {
    std::mutex mutex;
    std::map<int, std::string> entries;
};

static FRAME void put(Index *index, int key)
{
    std::lock_guard<std::mutex> guard(index->mutex);
    index->entries[key % 300] = std::string(60, char('a' + key % 26));
}

int main()
{
    Index indexes[3];
    std::vector<std::thread> threads;
    for (auto &index : indexes)
        threads.emplace_back([&index] {
            for (int i = 0; i < 60000; i++)
                put(&index, i);
        });
    size_t seen = 0;
    for (int i = 0; i < 20; i++) {
        nap_ms(5);
        for (auto &index : indexes) {
            std::lock_guard<std::mutex> guard(index.mutex);
            seen += index.entries.size();
        }
    }
    for (auto &t : threads)
        t.join();
    return seen == 0;
}
