// expect: free-holding-lock CRITICAL
// where: free-holding-lock Session::close|Session::~Session
// about: the last user of a session deletes it inside a scope whose guard still holds the session's own mutex
#include "case.h"
#include <mutex>
#include <thread>
#include <vector>

class Session
{
  public:
    explicit Session(int users) : users_(users) {}
    FRAME void close()
    {
        std::lock_guard<std::mutex> guard(mutex_);
        if (--users_ == 0)
            delete this; // and then the guard unlocks what is gone
    }

  private:
    char name_[2000] = {0}; // large enough that what lies in the middle is not touched by the heap
    std::mutex mutex_;
    int users_;
    char tail_[2000] = {0};
};

int main()
{
    for (int i = 0; i < 5; i++) {
        auto *session = new Session(1);
        std::thread([session] { session->close(); }).join();
    }
    return 0;
}
