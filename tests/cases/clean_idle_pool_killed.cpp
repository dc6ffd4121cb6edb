// expect: none
// kill: 0.5
// about: killed while everything is idle: workers in cond_wait, the event loop in epoll_wait, main in a join
#include "case.h"
#include <condition_variable>
#include <mutex>
#include <sys/epoll.h>
#include <thread>
#include <unistd.h>
#include <vector>

int main()
{
    std::mutex mutex;
    std::condition_variable work;
    int jobs = 0, done = 0;
    std::vector<std::thread> workers;
    for (int i = 0; i < 3; i++) {
        workers.emplace_back([&] {
            std::unique_lock<std::mutex> lock(mutex);
            for (;;) {
                work.wait(lock, [&] { return jobs > 0; });
                jobs--;
                done++;
            }
        });
    }
    std::thread loop([&] {
        int epoll = epoll_create1(0);
        epoll_event event;
        while (epoll_wait(epoll, &event, 1, -1) >= 0)
            ;
    });
    for (int i = 0; i < 20; i++) {
        std::lock_guard<std::mutex> guard(mutex);
        jobs++;
        work.notify_one();
    }
    loop.join();
    return 0;
}
