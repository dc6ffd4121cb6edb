// expect: lock-order-cycle CRITICAL
// where: lock-order-cycle transfer
// where: lock-order-cycle audit
// about: both accounts are locked at once under the registry's mutex, and elsewhere the registry is locked under one of them
#include <atomic>
#include <cstdio>
#include <mutex>
#include <thread>

struct account {
    std::mutex busy;
    long balance = 100;
};

static std::mutex registry;
static account savings, current;
static long audits;
static std::atomic<int> turn;

[[gnu::noinline]] static void transfer(account &from, account &to, long amount)
{
    std::lock_guard<std::mutex> all(registry);
    std::scoped_lock both(from.busy, to.busy);
    from.balance -= amount;
    to.balance += amount;
}

[[gnu::noinline]] static void audit(account &one)
{
    std::lock_guard<std::mutex> own(one.busy);
    std::lock_guard<std::mutex> all(registry);
    audits += one.balance;
}

template <typename Work> static void in_turns(int place, Work work)
{
    for (int round = 0; round < 10; round++) {
        while (turn != 2 * round + place)
            std::this_thread::yield();
        work();
        turn++;
    }
}

int main()
{
    std::thread clerk([] { in_turns(0, [] { transfer(savings, current, 1); }); });
    std::thread auditor([] { in_turns(1, [] { audit(current); }); });
    clerk.join();
    auditor.join();
    std::printf("%ld %ld\n", savings.balance, current.balance);
    return 0;
}
