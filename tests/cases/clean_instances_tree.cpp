// expect: none
// about: a tree of nodes of one kind, parent before child wherever it starts; addresses follow no order
#include "case.h"
#include <memory>
#include <mutex>
#include <thread>
#include <vector>

struct Directory {
    std::mutex mutex;
    Directory *parent = nullptr;
    int entries = 0;
};

static FRAME void add_entry(Directory *child)
{
    std::lock_guard<std::mutex> above(child->parent->mutex);
    std::lock_guard<std::mutex> below(child->mutex);
    child->parent->entries++;
    child->entries++;
}

int main()
{
    std::vector<Directory *> all;
    for (int i = 0; i < 40; i++)
        all.push_back(new Directory);
    for (int i = 1; i < 40; i++) /* node i stands at place i * 7 % 40: up and down in address */
        all[i * 7 % 40]->parent = all[i / 3 * 7 % 40];
    auto work = [&](int from) {
        for (int round = 0; round < 20; round++)
            for (int i = from; i < 40; i += 2)
                add_entry(all[i * 7 % 40]);
    };
    std::thread first(work, 1), second(work, 2);
    first.join();
    second.join();
    for (Directory *directory : all)
        delete directory;
    return 0;
}
