// expect: thread-churn MEDIUM
// where: thread-churn parallel_for
// about: every small batch is spread over threads that are made for it and joined at once
#include "case.h"

#include <thread>
#include <vector>

static long sums[16];

static FRAME void parallel_for(int round)
{
    std::vector<std::thread> threads;
    for (int i = 0; i < 16; i++)
        threads.emplace_back([i, round] { sums[i] += i * round; });
    for (auto &t : threads)
        t.join();
}

int main()
{
    struct timespec begin, now;
    clock_gettime(CLOCK_MONOTONIC, &begin);
    int round = 0;
    do {
        parallel_for(++round);
        clock_gettime(CLOCK_MONOTONIC, &now);
    } while (round < 40 || now.tv_sec - begin.tv_sec < 2);
    printf("%d\n", sums[1] > 0);
    return 0;
}
