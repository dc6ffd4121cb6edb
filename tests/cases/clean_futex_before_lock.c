// expect: none
// about: the same with the wait before the lock is taken; the disk thread sits idle in a futex meanwhile
#include "case.h"
#include <linux/futex.h>
#include <stdint.h>
#include <sys/syscall.h>
#include <unistd.h>

#define ROUNDS 6

struct event {
    uint32_t set;
};

static FRAME void event_wait(struct event *e)
{
    while (!__atomic_load_n(&e->set, __ATOMIC_ACQUIRE))
        syscall(SYS_futex, &e->set, FUTEX_WAIT_PRIVATE, 0, NULL);
    __atomic_store_n(&e->set, 0, __ATOMIC_RELAXED);
}

static FRAME void event_set(struct event *e)
{
    __atomic_store_n(&e->set, 1, __ATOMIC_RELEASE);
    syscall(SYS_futex, &e->set, FUTEX_WAKE_PRIVATE, 1);
}

static pthread_mutex_t batch_lock = PTHREAD_MUTEX_INITIALIZER;
static struct event asked, written;
static int rows, flushed, stop;

static FRAME void batch_flush(void)
{
    event_set(&asked);
    event_wait(&written);
    pthread_mutex_lock(&batch_lock);
    flushed += rows;
    rows = 0;
    pthread_mutex_unlock(&batch_lock);
}

static void *disk(void *arg)
{
    for (int i = 0; i < ROUNDS; i++) {
        event_wait(&asked);
        nap_ms(20);
        event_set(&written);
    }
    return arg;
}

static void *writer(void *arg)
{
    while (!__atomic_load_n(&stop, __ATOMIC_ACQUIRE)) {
        pthread_mutex_lock(&batch_lock);
        rows++;
        pthread_mutex_unlock(&batch_lock);
        nap_ms(1);
    }
    return arg;
}

int main(void)
{
    pthread_t a = thread_start(disk, NULL), b = thread_start(writer, NULL);
    for (int i = 0; i < ROUNDS; i++) {
        batch_flush();
        nap_ms(2);
    }
    __atomic_store_n(&stop, 1, __ATOMIC_RELEASE);
    thread_join(a);
    thread_join(b);
    return 0;
}
