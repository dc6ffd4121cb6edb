// expect: blocked-loop HIGH
// where: blocked-loop look_up
// allow: lock-contention lock-across-block
// about: two threads take turns at one epoll, and one of them waits for a lock made of a futex that is held for long
#define TURNS_BY_FUTEX
#include "futex_mutex.h"
#include "turns.h"

static struct futex_mutex table;
static int stopped;

static FRAME void look_up(void)
{
    futex_mutex_lock(&table);
    futex_mutex_unlock(&table);
}

static void *refresh(void *arg)
{
    while (!__atomic_load_n(&stopped, __ATOMIC_RELAXED)) {
        futex_mutex_lock(&table);
        nap_ms(90);
        futex_mutex_unlock(&table);
        nap_ms(10);
    }
    return arg;
}

static void on_event(int fd)
{
    char word = hear_now(fd);
    if (word)
        look_up();
    turn_done(fd, word);
}

int main(void)
{
    pthread_t thread = thread_start(refresh, NULL);
    turns_serve(on_event, 80);
    __atomic_store_n(&stopped, 1, __ATOMIC_RELAXED);
    thread_join(thread);
    return 0;
}
