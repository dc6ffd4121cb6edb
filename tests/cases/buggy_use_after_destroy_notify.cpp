// expect: use-after-destroy CRITICAL
// where: use-after-destroy Mailbox::post
// about: a mailbox is destroyed by the thread that saw the flag, before the poster has come to notify
#include "case.h"
#include <condition_variable>
#include <mutex>
#include <new>
#include <thread>

static int stage;

class Mailbox
{
  public:
    FRAME void post()
    {
        {
            std::lock_guard<std::mutex> guard(mutex_);
            full_ = true;
        }
        stage_reach(&stage, 1);
        stage_await(&stage, 2);
        arrived_.notify_one(); // of a mailbox that is gone
        stage_reach(&stage, 3);
    }

    FRAME void wait_a_little()
    {
        std::unique_lock<std::mutex> lock(mutex_);
        arrived_.wait_for(lock, std::chrono::milliseconds(1), [this] { return full_; });
    }

  private:
    std::mutex mutex_;
    std::condition_variable arrived_;
    bool full_ = false;
};

int main()
{
    alignas(Mailbox) static unsigned char room[sizeof(Mailbox)]; // outlives the object, so that only the bug is wrong
    auto *mailbox = new (room) Mailbox;
    mailbox->wait_a_little();
    std::thread poster([mailbox] { mailbox->post(); });
    stage_await(&stage, 1);
    mailbox->~Mailbox();
    stage_reach(&stage, 2);
    poster.join();
    return 0;
}
