// expect: deadlock CRITICAL
// allow: lock-across-block LOW|MEDIUM|HIGH
// where: deadlock ask
// kill: 2
// about: waits for a future with the lock in hand that the thread which is to answer needs first
#include "case.h"

#include <future>
#include <mutex>
#include <thread>

static std::mutex registry_lock;
static std::promise<int> answer;
static int asked, entries;

static FRAME void respond()
{
    stage_await(&asked, 1);
    std::lock_guard<std::mutex> registry(registry_lock);
    answer.set_value(++entries);
}

static FRAME int ask()
{
    std::lock_guard<std::mutex> registry(registry_lock);

    stage_reach(&asked, 1);
    return answer.get_future().get();
}

int main()
{
    std::thread responder(respond);

    ask();
    responder.join();
    return 0;
}
