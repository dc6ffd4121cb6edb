// expect: exit-holding-lock HIGH
// where: exit-holding-lock Registry::find
// about: a lookup returns early without giving its read lock back, and its thread ends; the writer gives up after a while
#include "case.h"
#include <thread>

class Registry
{
  public:
    FRAME int find(int key)
    {
        pthread_rwlock_rdlock(&lock_);
        if (key >= 4)
            return -1; // still locked
        int value = values_[key];
        pthread_rwlock_unlock(&lock_);
        return value;
    }

    FRAME bool put(int key, int value)
    {
        struct timespec until = deadline_ms(CLOCK_REALTIME, 30);
        if (pthread_rwlock_timedwrlock(&lock_, &until))
            return false;
        values_[key] = value;
        pthread_rwlock_unlock(&lock_);
        return true;
    }

  private:
    pthread_rwlock_t lock_ = PTHREAD_RWLOCK_INITIALIZER;
    int values_[4] = {1, 2, 3, 4};
};

int main()
{
    static Registry registry;
    bool before = registry.put(1, 5);
    std::thread reader([] { registry.find(1), registry.find(9); });
    reader.join();
    bool after = registry.put(2, 6);
    return !before || after;
}
