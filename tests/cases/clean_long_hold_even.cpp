// expect: none
// about:  every hold takes some milliseconds, and two threads meet at the lock now and then: none of them is out of the ordinary
#include "case.h"

#include <mutex>
#include <thread>

static std::mutex lock;
static unsigned long state;

static FRAME void step(unsigned long n)
{
    std::lock_guard guard(lock);
    for (unsigned long i = 0; i < 1500000 + n * 10000; i++)
        state = state * 31 + i;
}

int main()
{
    auto work = [] {
        for (unsigned long i = 0; i < 25; i++) {
            step(i);
            nap_ms(30);
        }
    };
    std::thread one(work), other(work);
    one.join();
    other.join();
    require(state != 1, "a state");
    return 0;
}
