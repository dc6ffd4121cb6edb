// expect: lost-wakeup HIGH
// where: lost-wakeup Indexer::run
// about: an indexer that takes whole batches waits before it looks; the last batch comes while it is still at the one
// before
#include "case.h"

#include <condition_variable>
#include <mutex>
#include <unistd.h>
#include <vector>

class Indexer
{
  public:
    FRAME void run()
    {
        for (;;) {
            std::vector<int> batch;
            {
                std::unique_lock<std::mutex> hold(mutex_);
                condition_.wait(hold);
                batch.swap(incoming_);
            }
            for (int n : batch)
                index(n);
        }
    }
    void add(int n)
    {
        std::lock_guard<std::mutex> hold(mutex_);
        incoming_.push_back(n);
        condition_.notify_one();
    }
    int busy = 0, last = 0;

  private:
    void index(int n)
    {
        stage_arrive(&busy);
        if (n == 5)
            stage_await(&last, 1); /* the sixth comes meanwhile */
    }
    std::mutex mutex_;
    std::condition_variable condition_;
    std::vector<int> incoming_;
};

static Indexer indexer;

static void *run(void *arg)
{
    indexer.run();
    return arg;
}

int main()
{
    must(pthread_detach(thread_start(run, nullptr)), "pthread_detach");
    for (int n = 1; n <= 5; n++) {
        for (int tries = 0; tries < 200 && __atomic_load_n(&indexer.busy, __ATOMIC_SEQ_CST) < n; tries++) {
            if (tries == 0)
                nap_ms(20); /* so that it waits again */
            if (tries == 0 || tries % 50 == 0)
                indexer.add(n);
            nap_ms(1);
        }
    }
    indexer.add(6);
    stage_reach(&indexer.last, 1);
    nap_ms(500);
    printf("gave up\n");
    fflush(stdout);
    _exit(0);
}
