// expect: cond-two-mutexes CRITICAL
// where: cond-two-mutexes Queue::pop
// about: two queues with a mutex each announce their items on one condition variable that both were given
#include "case.h"

#include <condition_variable>
#include <mutex>
#include <thread>

class Queue
{
  public:
    explicit Queue(std::condition_variable &more) : more_(more) {}
    FRAME void pop()
    {
        std::unique_lock<std::mutex> hold(mutex_);
        while (!items_ && !closed_)
            more_.wait(hold);
        if (items_)
            items_--;
    }
    void close()
    {
        std::lock_guard<std::mutex> hold(mutex_);
        closed_ = true;
        more_.notify_all();
    }

  private:
    std::mutex mutex_;
    std::condition_variable &more_;
    int items_ = 0;
    bool closed_ = false;
};

int main()
{
    std::condition_variable more;
    Queue mails(more), reports(more);
    std::thread one([&] { mails.pop(); });
    std::thread two([&] { reports.pop(); });
    nap_ms(200);
    for (int i = 0; i < 20; i++) {
        mails.close();
        reports.close();
        nap_ms(5);
    }
    one.join();
    two.join();
    printf("done\n");
    return 0;
}
