// expect: none
// allow: lock-across-block LOW|MEDIUM|HIGH
// kill: 2
// about: a lock is held in a wait for a wake-up, and somebody wants it; but a thread that waits for a client can wake it
#include "case.h"

#include <future>
#include <mutex>
#include <thread>
#include <unistd.h>

static std::mutex registry_lock;
static std::promise<int> answer;
static int asked, entries;

static FRAME void look()
{
    stage_await(&asked, 1);
    std::lock_guard<std::mutex> registry(registry_lock);
    entries++;
}

static FRAME int ask()
{
    std::lock_guard<std::mutex> registry(registry_lock);

    stage_reach(&asked, 1);
    return answer.get_future().get();
}

/* What comes from outside is the answer. It does not come before the process is killed. */
static FRAME void receive(int from)
{
    char byte;

    if (read(from, &byte, 1) == 1)
        answer.set_value(byte);
}

int main()
{
    int ends[2];
    require(pipe(ends) == 0, "pipe");
    std::thread receiver(receive, ends[0]), looker(look);

    ask();
    receiver.join();
    looker.join();
    return 0;
}
