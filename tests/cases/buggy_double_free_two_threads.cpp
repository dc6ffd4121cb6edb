// expect: double-free CRITICAL
// where: double-free reader_done
// options: heap=exact
// status: any
// about: two readers of a shared message each believe to be the last one; the second free comes from another thread
#include "case.h"

struct Message {
    int kind;
    char text[100];
};

static Message *shared;
static int stage;

static FRAME void reader_done(Message *m)
{
    delete m;
    __asm__ volatile("" ::: "memory");
}

static void *reader(void *)
{
    while (__atomic_load_n(&stage, __ATOMIC_SEQ_CST) < 1)
        nap_ms(1);
    reader_done(shared);
    return nullptr;
}

int main()
{
    pthread_t t;
    shared = new Message();
    must(pthread_create(&t, nullptr, reader, nullptr), "pthread_create");
    reader_done(shared);
    stage_reach(&stage, 1);
    must(pthread_join(t, nullptr), "pthread_join");
    puts("read twice");
    return 0;
}
