// expect: none
// about: unique_lock travels: returned from functions, moved into containers, released early, taken again
#include "case.h"
#include <map>
#include <mutex>
#include <string>
#include <thread>
#include <vector>

class Table
{
  public:
    FRAME std::unique_lock<std::mutex> open()
    {
        std::unique_lock<std::mutex> lock(mutex_);
        opened_++;
        return lock;
    }
    void set(const std::unique_lock<std::mutex> &proof, const std::string &key, int value)
    {
        require(proof.owns_lock() && proof.mutex() == &mutex_, "locked");
        rows_[key] = value;
    }
    size_t size(const std::unique_lock<std::mutex> &) const
    {
        return rows_.size();
    }

  private:
    std::mutex mutex_;
    std::map<std::string, int> rows_;
    int opened_ = 0;
};

static FRAME size_t fill(Table *tables, size_t count, int from)
{
    std::vector<std::unique_lock<std::mutex>> locks;
    for (size_t i = 0; i < count; i++)
        locks.push_back(tables[i].open());
    for (size_t i = 0; i < count; i++)
        tables[i].set(locks[i], std::to_string(from + (int)i), from);
    size_t size = tables[0].size(locks[0]);
    locks[0].unlock(); // the first goes first, the others with the vector
    return size;
}

int main()
{
    Table tables[3];
    auto run = [&](int from) {
        for (int i = 0; i < 50; i++)
            fill(tables, 3, from + i);
    };
    std::thread a(run, 0), b(run, 1000);
    a.join();
    b.join();
    auto lock = tables[0].open();
    return tables[0].size(lock) != 100;
}
