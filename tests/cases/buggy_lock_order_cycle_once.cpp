// expect: lock-order-cycle CRITICAL
// where: lock-order-cycle Codecs::load|Codecs::find
// about: the function of std::call_once takes a lock under which others call std::call_once; this time it is free again
#include "case.h"
#include <map>
#include <mutex>
#include <string>
#include <thread>

static int stage;

class Codecs
{
  public:
    FRAME void load()
    {
        {
            std::lock_guard<std::mutex> hold(mutex_);
            table_["gzip"] = 1;
        }
        stage_reach(&stage, 1);
        nap_ms(100); // reads a file, say
    }

    FRAME void prepare()
    {
        std::call_once(loaded_, [this] { load(); });
    }

    FRAME int find(const std::string &name)
    {
        std::lock_guard<std::mutex> hold(mutex_);
        std::call_once(loaded_, [this] { load(); });
        return table_[name];
    }

  private:
    std::mutex mutex_;
    std::once_flag loaded_;
    std::map<std::string, int> table_;
};

static Codecs codecs;

int main()
{
    std::thread first([] { codecs.prepare(); });
    int found = 0;
    std::thread second([&found] {
        stage_await(&stage, 1);
        found = codecs.find("gzip");
    });
    first.join();
    second.join();
    return found != 1;
}
