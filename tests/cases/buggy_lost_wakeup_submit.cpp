// expect: lost-wakeup HIGH
// where: lost-wakeup Jobs::await_done
// kill: 2
// about: jobs are submitted and waited for by one thread, with one mutex; it waits without looking, and the last job is
// done by then
#include "case.h"

#include <condition_variable>
#include <mutex>
#include <thread>

class Jobs
{
  public:
    FRAME void submit()
    {
        std::lock_guard<std::mutex> hold(mutex_);
        submitted_++;
        changed_.notify_all();
    }
    FRAME void await_done()
    {
        std::unique_lock<std::mutex> hold(mutex_);
        done_.wait(hold); /* should look: submitted_ == finished_ */
    }
    FRAME void run()
    {
        std::unique_lock<std::mutex> hold(mutex_);
        for (;;) {
            changed_.wait(hold, [this] { return submitted_ > finished_; });
            hold.unlock();
            if (finished_ < 3) /* the others take no time */
                nap_ms(30);
            hold.lock();
            finished_++;
            done_.notify_all();
        }
    }

  private:
    std::mutex mutex_;
    std::condition_variable changed_, done_;
    int submitted_ = 0, finished_ = 0;
};

static Jobs jobs;

int main()
{
    std::thread worker([] { jobs.run(); });
    for (int i = 0; i < 4; i++) {
        nap_ms(20); /* the worker is idle */
        jobs.submit();
        if (i == 3)
            nap_ms(50); /* something else comes first */
        jobs.await_done();
    }
    worker.join();
    return 0;
}
