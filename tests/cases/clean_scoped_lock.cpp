// expect: none
// about: std::scoped_lock and std::lock over two mutexes, named in both orders: they try and back off
#include "case.h"
#include <mutex>
#include <thread>

struct Account {
    std::mutex mutex;
    long cents = 1000;
};

static FRAME long transfer(Account &from, Account &to, long cents)
{
    std::scoped_lock guard(from.mutex, to.mutex);
    from.cents -= cents;
    to.cents += cents;
    return from.cents;
}

static FRAME long transfer_old(Account &from, Account &to, long cents)
{
    std::unique_lock<std::mutex> a(from.mutex, std::defer_lock), b(to.mutex, std::defer_lock);
    std::lock(a, b);
    from.cents -= cents;
    to.cents += cents;
    return from.cents;
}

int main()
{
    Account one, two;
    std::thread a([&] {
        for (int i = 0; i < 1000; i++)
            transfer(one, two, 1);
    });
    std::thread b([&] {
        for (int i = 0; i < 1000; i++)
            transfer_old(two, one, 1);
    });
    a.join();
    b.join();
    return one.cents != 1000 || two.cents != 1000;
}
