/* kinds_cxx.cpp - std::mutex, as C++ programs lock it. */
#include "kinds.h"

#include <mutex>

void *std_mutex_made(void)
{
    alignas(64) static std::mutex lock;
    return &lock;
}

__attribute__((noinline)) void std_mutex_pairs(void *lock, unsigned long pairs)
{
    std::mutex &mutex = *static_cast<std::mutex *>(lock);
    for (unsigned long i = 0; i < pairs; i++)
        std::lock_guard<std::mutex> hold(mutex);
}
