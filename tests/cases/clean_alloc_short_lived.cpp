// expect: none
// about: short-lived blocks that are no churn: beside much work, in a burst, handed to another thread, or none at all
#include "case.h"
#include <atomic>
#include <memory>
#include <string>

static long used_ms()
{
    timespec t;
    clock_gettime(CLOCK_THREAD_CPUTIME_ID, &t);
    return t.tv_sec * 1000 + t.tv_nsec / 1000000;
}

static volatile unsigned long sink;

/* A request that takes 20 us makes some strings. */
static FRAME void *serve(void *)
{
    while (used_ms() < 700) {
        std::string path(60, 'p'), query(80, 'q');
        for (int i = 0; i < 20000; i++)
            sink = sink * 31 + static_cast<unsigned char>(path[i % 60]) + static_cast<unsigned char>(query[i % 80]);
    }
    return nullptr;
}

/* Reads its configuration with many temporaries, once, and works without any. */
static FRAME void *configure(void *)
{
    for (int i = 0; i < 200000; i++)
        sink = sink + std::string(50, 'c').size();
    while (used_ms() < 700)
        for (int i = 0; i < 10000; i++)
            sink = sink * 31 + 1;
    return nullptr;
}

/* Names that fit into the string itself. */
static FRAME void *label(void *)
{
    char digits[16];
    while (used_ms() < 700) {
        snprintf(digits, sizeof digits, "n%lu", sink % 100000);
        sink = sink + std::string(digits).size();
    }
    return nullptr;
}

/* One thread makes jobs for another one, which frees them. */
static std::atomic<std::string *> box;

static FRAME void *produce(void *)
{
    for (int i = 0; i < 60000; i++) {
        auto *job = new std::string(100, 'j');
        while (box.load() != nullptr)
            sched_yield();
        box.store(job);
    }
    return nullptr;
}

static FRAME void *consume(void *)
{
    for (int i = 0; i < 60000; i++) {
        std::string *job;
        while ((job = box.exchange(nullptr)) == nullptr)
            sched_yield();
        delete job;
    }
    return nullptr;
}

int main()
{
    void *(*const starts[])(void *) = {serve, configure, label, produce, consume};
    pthread_t threads[5];
    for (int i = 0; i < 5; i++)
        threads[i] = thread_start(starts[i], nullptr);
    for (pthread_t t : threads)
        thread_join(t);
    return 0;
}
