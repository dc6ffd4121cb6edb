// expect: none
// about: an arena that is used again for each request: locks of different classes lie at one address in turn
#include "case.h"
#include <cstdlib>
#include <mutex>
#include <new>
#include <thread>

static std::mutex journal;
static long entries;

struct Order {
    std::mutex mutex;
    FRAME void run()
    {
        std::lock_guard<std::mutex> own(mutex);
        std::lock_guard<std::mutex> all(journal);
        entries++;
    }
};

struct Refund {
    std::mutex mutex;
    FRAME void run()
    {
        std::lock_guard<std::mutex> all(journal);
        std::lock_guard<std::mutex> own(mutex);
        entries++;
    }
};

template <class Request> static void serve(void *arena)
{
    Request *request = new (arena) Request;
    std::thread helper([request] { request->run(); });
    request->run();
    helper.join();
    request->~Request();
}

int main()
{
    void *arena = std::malloc(4096);
    for (int i = 0; i < 40; i++) {
        serve<Order>(arena);
        serve<Refund>(arena);
    }
    std::free(arena);
    return entries == 160 ? 0 : 1;
}
