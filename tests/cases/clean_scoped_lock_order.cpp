// expect: none
// about: two accounts are locked at once, in any order and under the registry's mutex or not; whoever has one asks for no other
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
static std::atomic<int> ready;

[[gnu::noinline]] static void transfer(account &from, account &to, long amount)
{
    std::scoped_lock both(from.busy, to.busy);
    from.balance -= amount;
    to.balance += amount;
}

[[gnu::noinline]] static void close_books(account &a, account &b)
{
    std::lock_guard<std::mutex> all(registry);
    std::scoped_lock both(a.busy, b.busy);
    a.balance += b.balance / 1000;
}

static void work(account &a, account &b)
{
    ready++;
    while (ready < 3)
        std::this_thread::yield();
    for (int i = 0; i < 2000; i++)
        transfer(a, b, 1);
    close_books(b, a);
}

int main()
{
    std::thread clerks[] = {std::thread(work, std::ref(savings), std::ref(current)),
                            std::thread(work, std::ref(current), std::ref(savings)),
                            std::thread(work, std::ref(savings), std::ref(current))};
    for (auto &clerk : clerks)
        clerk.join();
    std::printf("%d clerks\n", ready.load());
    return 0;
}
