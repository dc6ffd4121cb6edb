// expect: lock-order-cycle CRITICAL
// where: lock-order-cycle Bank::pay|Bank::audit
// about: two workers answer every request with a promise, and take the same two locks in different orders on the way
#include "case.h"
#include <future>
#include <mutex>
#include <thread>

static int stage;

class Bank
{
  public:
    FRAME void pay(std::promise<long> answer)
    {
        std::lock_guard<std::mutex> accounts(accounts_);
        std::lock_guard<std::mutex> log(log_);
        answer.set_value(++payments_);
    }

    FRAME void audit(std::promise<long> answer)
    {
        std::lock_guard<std::mutex> log(log_);
        std::lock_guard<std::mutex> accounts(accounts_);
        answer.set_value(payments_);
    }

  private:
    std::mutex accounts_, log_;
    long payments_ = 0;
};

static Bank bank;

template <class Work> static void requests(int round, Work work)
{
    for (int i = 0; i < 5; i++) {
        std::promise<long> answer;
        std::future<long> result = answer.get_future();
        stage_await(&stage, round + 2 * i); // they would meet sooner or later; not here
        work(std::move(answer));
        stage_reach(&stage, round + 2 * i + 1);
        result.get();
    }
}

int main()
{
    std::thread payer([] { requests(0, [](std::promise<long> p) { bank.pay(std::move(p)); }); });
    std::thread auditor([] { requests(1, [](std::promise<long> p) { bank.audit(std::move(p)); }); });
    payer.join();
    auditor.join();
    return 0;
}
