// expect: lock-false-sharing LOW|MEDIUM
// where:  lock-false-sharing push|pop
// about:  the two ends of a queue have a spinlock each, side by side in the queue; one thread works at each end
#include "case.h"

#include <thread>

struct alignas(64) queue {
    pthread_spinlock_t head_lock, tail_lock;
    char apart[120];
    unsigned long head;
    char away[120];
    unsigned long tail;
};

static queue q;

static FRAME void push(unsigned long n)
{
    pthread_spin_lock(&q.tail_lock);
    q.tail += n;
    pthread_spin_unlock(&q.tail_lock);
}

static FRAME void pop(unsigned long n)
{
    pthread_spin_lock(&q.head_lock);
    q.head += n;
    pthread_spin_unlock(&q.head_lock);
}

static void work(void (*step)(unsigned long))
{
    struct timespec end = deadline_ms(CLOCK_MONOTONIC, 600), now = {};
    while (now.tv_sec < end.tv_sec || (now.tv_sec == end.tv_sec && now.tv_nsec < end.tv_nsec)) {
        for (unsigned long i = 0; i < 1000; i++)
            step(i);
        clock_gettime(CLOCK_MONOTONIC, &now);
    }
}

int main()
{
    pthread_spin_init(&q.head_lock, PTHREAD_PROCESS_PRIVATE);
    pthread_spin_init(&q.tail_lock, PTHREAD_PROCESS_PRIVATE);
    std::thread producer(work, push), consumer(work, pop);
    producer.join();
    consumer.join();
    require(q.head && q.tail, "both ends moved");
    return 0;
}
