// expect: lock-convoy HIGH
// where:  lock-convoy next
// about:  numbers are drawn under a mutex that passes on priorities, one at a time, by eight threads that do hardly anything else
#include "case.h"

#include <cstdint>
#include <ctime>
#include <thread>
#include <vector>

class tickets
{
  public:
    tickets()
    {
        mutex_init_kind(&mutex_, PTHREAD_MUTEX_NORMAL, PTHREAD_PRIO_INHERIT, PTHREAD_MUTEX_STALLED);
    }

    FRAME uint64_t next()
    {
        pthread_mutex_lock(&mutex_);
        uint64_t n = ++last_;
        pthread_mutex_unlock(&mutex_);
        return n;
    }

  private:
    pthread_mutex_t mutex_;
    uint64_t last_ = 0;
};

int main()
{
    tickets machine;
    std::vector<std::thread> threads;
    for (int t = 0; t < 8; t++)
        threads.emplace_back([&] {
            uint64_t sum = 0;
            for (struct timespec end = deadline_ms(CLOCK_MONOTONIC, 1000), now = {};
                 now.tv_sec < end.tv_sec || (now.tv_sec == end.tv_sec && now.tv_nsec < end.tv_nsec);
                 clock_gettime(CLOCK_MONOTONIC, &now))
                for (int i = 0; i < 16; i++)
                    sum ^= machine.next();
            require(sum != 1, "a sum");
        });
    for (auto &t : threads)
        t.join();
    return 0;
}
