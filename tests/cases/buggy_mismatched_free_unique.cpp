// expect: mismatched-free CRITICAL
// where: mismatched-free frame_use
// options: heap=exact
// status: any
// about: a unique_ptr to one element owns an array
#include "case.h"

#include <memory>

#pragma GCC diagnostic ignored "-Wmismatched-new-delete"
static FRAME int frame_use(int size)
{
    std::unique_ptr<int> samples(new int[size_t(size)]);
    samples.get()[0] = size;
    __asm__ volatile("" : : "r"(samples.get()) : "memory");
    return samples.get()[0];
}

int main()
{
    int sum = 0;
    for (int i = 1; i < 20; i++)
        sum += frame_use(i * 8);
    printf("%d\n", sum);
    return 0;
}
