// expect: lock-order-cycle CRITICAL
// where: lock-order-cycle Store::put
// where: lock-order-cycle Store::compact
// about: the same pool threads run both jobs; each thread alone would be harmless, two of them are not
#include "case.h"
#include <map>
#include <mutex>
#include <string>
#include <thread>
#include <vector>

class Store
{
  public:
    FRAME size_t put(const std::string &key, int value)
    {
        std::scoped_lock<std::mutex> table(table_mutex_);
        table_[key] = value;
        std::scoped_lock<std::mutex> log(log_mutex_);
        log_.push_back(key);
        return log_.size();
    }

    FRAME size_t compact()
    {
        std::unique_lock<std::mutex> log(log_mutex_);
        std::unique_lock<std::mutex> table(table_mutex_);
        std::vector<std::string> kept;
        for (const auto &[key, value] : table_)
            kept.push_back(key);
        log_.swap(kept);
        return log_.size();
    }

  private:
    std::mutex table_mutex_, log_mutex_;
    std::map<std::string, int> table_;
    std::vector<std::string> log_;
};

int main()
{
    Store store;
    int turn = 0;
    std::vector<std::thread> pool;
    for (int id = 0; id < 3; id++) {
        pool.emplace_back([&, id] {
            for (int i = 0; i < 6; i++) {
                stage_await(&turn, i * 3 + id);
                if ((i + id) % 2)
                    store.put("k" + std::to_string(i), i);
                else
                    store.compact();
                stage_arrive(&turn);
            }
            stage_await(&turn, 18);
        });
    }
    for (auto &thread : pool)
        thread.join();
    return 0;
}
