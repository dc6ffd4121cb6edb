// expect: none
// about: objects of every kind are destroyed and made anew in the same place: by calls, initialisers, zeroes, constructors
#include "case.h"
#include <condition_variable>
#include <mutex>
#include <new>
#include <semaphore.h>
#include <shared_mutex>
#include <thread>

static pthread_mutex_t mutex = PTHREAD_MUTEX_INITIALIZER, shared = PTHREAD_MUTEX_INITIALIZER;
static pthread_rwlock_t rwlock = PTHREAD_RWLOCK_INITIALIZER;
static pthread_cond_t cond = PTHREAD_COND_INITIALIZER;

static FRAME void use_mutex()
{
    pthread_mutex_lock(&mutex);
    pthread_mutex_unlock(&mutex);
    if (pthread_mutex_trylock(&mutex) == 0)
        pthread_mutex_unlock(&mutex);
}

static FRAME void use_rwlock()
{
    pthread_rwlock_wrlock(&rwlock);
    pthread_rwlock_unlock(&rwlock);
    pthread_rwlock_rdlock(&rwlock);
    pthread_rwlock_unlock(&rwlock);
}

static FRAME void use_cond()
{
    struct timespec past = {1, 0};
    pthread_mutex_lock(&shared);
    pthread_cond_timedwait(&cond, &shared, &past);
    pthread_mutex_unlock(&shared);
    pthread_cond_signal(&cond);
    pthread_cond_broadcast(&cond);
}

static FRAME void by_assignment()
{
    pthread_mutex_destroy(&mutex);
    pthread_rwlock_destroy(&rwlock);
    pthread_cond_destroy(&cond);
    mutex = PTHREAD_MUTEX_INITIALIZER;
    rwlock = PTHREAD_RWLOCK_INITIALIZER;
    cond = PTHREAD_COND_INITIALIZER;
}

static FRAME void by_zeroes()
{
    pthread_mutex_destroy(&mutex);
    pthread_rwlock_destroy(&rwlock);
    pthread_cond_destroy(&cond);
    memset(&mutex, 0, sizeof mutex);
    memset(&rwlock, 0, sizeof rwlock);
    memset(&cond, 0, sizeof cond);
}

static FRAME void by_call()
{
    pthread_mutex_destroy(&mutex);
    pthread_rwlock_destroy(&rwlock);
    pthread_cond_destroy(&cond);
    must(pthread_mutex_init(&mutex, nullptr), "mutex");
    must(pthread_rwlock_init(&rwlock, nullptr), "rwlock");
    must(pthread_cond_init(&cond, nullptr), "cond");
}

struct Box {
    std::mutex mutex;
    std::shared_mutex shared;
    std::condition_variable cond;
    bool full = false;
    FRAME void use()
    {
        std::unique_lock<std::mutex> lock(mutex);
        cond.wait_for(lock, std::chrono::microseconds(10), [this] { return full; });
        std::shared_lock<std::shared_mutex> reader(shared);
        cond.notify_all();
    }
};

static FRAME void spin_and_semaphore(bool heap)
{
    struct pair {
        pthread_spinlock_t spin;
        sem_t sem;
        pthread_barrier_t barrier;
    } local, *p = heap ? static_cast<pair *>(malloc(sizeof *p)) : &local;
    require(p != nullptr, "memory");
    must(pthread_spin_init(&p->spin, 0), "spin");
    must(sem_init(&p->sem, 0, 0), "sem");
    must(pthread_barrier_init(&p->barrier, nullptr, 1), "barrier");
    pthread_spin_lock(&p->spin);
    pthread_spin_unlock(&p->spin);
    sem_post(&p->sem);
    sem_wait(&p->sem);
    pthread_barrier_wait(&p->barrier);
    pthread_spin_destroy(&p->spin);
    sem_destroy(&p->sem);
    pthread_barrier_destroy(&p->barrier);
    if (heap)
        free(p);
}

static void work()
{
    alignas(Box) static unsigned char room[sizeof(Box)];
    for (int i = 0; i < 30; i++) {
        use_mutex(), use_rwlock(), use_cond();
        i % 3 == 0 ? by_assignment() : i % 3 == 1 ? by_zeroes() : by_call();
        auto *box = new (room) Box;
        box->use();
        box->~Box();
        spin_and_semaphore(i % 2);
    }
}

int main()
{
    work();
    std::thread(work).join();
    std::thread(work).join();
    return 0;
}
