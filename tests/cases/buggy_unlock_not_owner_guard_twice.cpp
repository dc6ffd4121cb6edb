// expect: unlock-not-owner CRITICAL
// where: unlock-not-owner Mailbox::deliver
// about: a catch block unlocks by hand what the lock_guard has already given back while the exception passed
#include "case.h"
#include <deque>
#include <mutex>
#include <stdexcept>
#include <string>
#include <thread>

class Mailbox
{
  public:
    FRAME bool deliver(const std::string &letter)
    {
        try {
            std::lock_guard<std::mutex> guard(mutex_);
            if (letter.size() > 8)
                throw std::length_error("too heavy");
            letters_.push_back(letter);
            return true;
        } catch (const std::length_error &) {
            returned_++;
            mutex_.unlock(); // the guard did this when the exception left its scope
            return false;
        }
    }
    int returned() const
    {
        return returned_;
    }

  private:
    std::mutex mutex_;
    std::deque<std::string> letters_;
    int returned_ = 0;
};

int main()
{
    Mailbox mailbox;
    std::thread postman([&] {
        mailbox.deliver("hello");
        mailbox.deliver("a rather long letter");
        mailbox.deliver("bye");
    });
    postman.join();
    std::printf("%d returned\n", mailbox.returned());
    return 0;
}
