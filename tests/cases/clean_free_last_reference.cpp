// expect: none
// about: the last user of a counted object unlocks it and then deletes it; blocks of it are freed under its lock before
#include "case.h"
#include <mutex>
#include <thread>
#include <vector>

class Job
{
  public:
    FRAME void drop()
    {
        bool last;
        {
            std::lock_guard<std::mutex> guard(mutex_);
            last = --users_ == 0;
            free(scratch_);
            scratch_ = last ? nullptr : malloc(100);
        }
        if (last)
            delete this;
    }

  private:
    std::mutex mutex_;
    int users_ = 4;
    void *scratch_ = malloc(100);
};

int main()
{
    for (int i = 0; i < 300; i++) {
        auto *job = new Job;
        std::vector<std::thread> users;
        for (int u = 0; u < 4; u++)
            users.emplace_back([job] { job->drop(); });
        for (auto &user : users)
            user.join();
    }
    return 0;
}
