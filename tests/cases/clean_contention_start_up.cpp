// expect: none
// about:  six threads wait for a lock that is held for long while everything is set up, once; then it is free nearly always
#include "case.h"

#include <mutex>
#include <thread>
#include <vector>

static std::mutex config_lock;
static int config;

static FRAME int read_config()
{
    std::lock_guard lock(config_lock);
    return config;
}

int main()
{
    std::vector<std::thread> threads;
    int started = 0;
    std::unique_lock lock(config_lock);
    for (int t = 0; t < 6; t++)
        threads.emplace_back([&] {
            stage_arrive(&started);
            long sum = read_config();
            for (int i = 0; i < 60; i++) {
                for (int k = 0; k < 300000; k++)
                    sum = sum * 31 + k;
                sum += read_config();
                nap_ms(5);
            }
            require(sum != 1, "a sum");
        });
    stage_await(&started, 6);
    for (volatile int k = 0; k < 20000000; k++)
        ;
    config = 1;
    lock.unlock();
    for (auto &t : threads)
        t.join();
    return 0;
}
