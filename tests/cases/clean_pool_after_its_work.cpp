// expect: none
// kill: 0.5
// about: jobs are queued before any worker runs; the first one does them all in one hold, and then they all wait
#include "case.h"
#include <condition_variable>
#include <mutex>
#include <thread>
#include <unistd.h>
#include <vector>

static std::mutex mutex;
static std::condition_variable work;
static int jobs;

static FRAME void serve(int number)
{
    usleep(20000u * (unsigned)(1 + number)); /* it was not given a processor before */
    std::unique_lock<std::mutex> lock(mutex);
    for (;;) {
        work.wait(lock, [] { return jobs > 0; });
        jobs--;
    }
}

int main()
{
    std::vector<std::thread> workers;
    for (int i = 0; i < 3; i++)
        workers.emplace_back(serve, i);
    for (int i = 0; i < 20; i++) {
        std::lock_guard<std::mutex> guard(mutex);
        jobs++;
        work.notify_one();
    }
    for (auto &worker : workers)
        worker.join();
    return 0;
}
