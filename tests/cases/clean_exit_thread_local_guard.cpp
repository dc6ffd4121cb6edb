// expect: none
// about: locks that a thread keeps to its end are released by thread_local destructors and, two rounds later, by a key's
#include "case.h"
#include <mutex>
#include <thread>
#include <vector>

static std::mutex shards[3];
static pthread_mutex_t late_lock = PTHREAD_MUTEX_INITIALIZER;
static pthread_key_t late_key;
static int rounds, released;

static void release_late(void *lock)
{
    if (++rounds % 3) { // not yet: come again
        pthread_setspecific(late_key, lock);
        return;
    }
    released++;
    pthread_mutex_unlock(static_cast<pthread_mutex_t *>(lock));
}

static FRAME void work(int shard)
{
    thread_local std::unique_lock<std::mutex> lease;
    lease = std::unique_lock<std::mutex>(shards[shard]);
    pthread_mutex_lock(&late_lock);
    pthread_setspecific(late_key, &late_lock);
}

int main()
{
    must(pthread_key_create(&late_key, release_late), "pthread_key_create");
    for (int i = 0; i < 6; i++)
        std::thread(work, i % 3).join();
    for (auto &shard : shards)
        std::lock_guard<std::mutex> free_again(shard);
    return released != 6;
}
