// expect: none
// about: pairs of one kind are ordered by an id that has nothing to do with their addresses
#include "case.h"
#include <algorithm>
#include <mutex>
#include <thread>
#include <vector>

struct Account {
    int id = 0;
    long balance = 100;
    std::mutex mutex;
};

static FRAME void transfer(Account *a, Account *b)
{
    if (a->id > b->id)
        std::swap(a, b);
    std::lock_guard<std::mutex> first(a->mutex);
    std::lock_guard<std::mutex> second(b->mutex);
    a->balance--;
    b->balance++;
}

int main()
{
    std::vector<Account *> accounts;
    for (int i = 0; i < 12; i++)
        accounts.push_back(new Account);
    for (int i = 0; i < 12; i++)
        accounts[i]->id = i * 5 % 12;
    auto serve = [&](unsigned seed) {
        for (int i = 0; i < 2000; i++) {
            seed = seed * 1103515245u + 12345u;
            unsigned a = (seed >> 8) % 12, b = (seed >> 20) % 12;
            if (a != b)
                transfer(accounts[a], accounts[b]);
        }
    };
    std::thread first(serve, 1u), second(serve, 2u), third(serve, 3u);
    first.join();
    second.join();
    third.join();
    for (Account *account : accounts)
        delete account;
    return 0;
}
