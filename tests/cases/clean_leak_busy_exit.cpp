// expect: none
// options: heap=exact
// about: the process exits while threads pass messages through a queue and change a list; a few blocks were lost at the start
#include "case.h"

#include <deque>
#include <mutex>
#include <string>

struct Message {
    std::string text;
    Message *next;
};

static std::mutex queue_lock;
static std::deque<Message *> &queue = *new std::deque<Message *>; // the threads outlive static objects
static Message *list;
static int stage;

static FRAME Message *make(int i)
{
    return new Message{"message with a text that is long enough, number " + std::to_string(i), nullptr};
}

static void *producer(void *)
{
    for (int i = 0;; i++) {
        Message *m = make(i);
        queue_lock.lock();
        queue.push_back(m);
        bool full = queue.size() > 200;
        queue_lock.unlock();
        if (i == 1000)
            stage_arrive(&stage);
        if (full)
            nap_ms(1);
    }
    return nullptr;
}

static void *consumer(void *)
{
    int length = 0;
    for (;;) {
        Message *m = nullptr;
        queue_lock.lock();
        if (!queue.empty()) {
            m = queue.front();
            queue.pop_front();
        }
        queue_lock.unlock();
        if (!m) {
            sched_yield();
            continue;
        }
        m->next = list; // the latest hundred live on in a list
        list = m;
        if (++length > 100) {
            Message *last = list;
            for (int i = 0; i < 50; i++)
                last = last->next;
            for (Message *old = last->next; old;) {
                Message *next = old->next;
                delete old;
                old = next;
                length--;
            }
            last->next = nullptr;
        }
    }
    return nullptr;
}

static FRAME void forget_settings()
{
    for (int i = 0; i < 5; i++)
        __asm__ volatile("" ::"r"(make(i)) : "memory");
}

int main()
{
    forget_settings();
    pthread_detach(thread_start(producer, nullptr));
    pthread_detach(thread_start(consumer, nullptr));
    stage_await(&stage, 1);
    std::puts("enough");
    std::exit(0);
}
