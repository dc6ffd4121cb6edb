// expect: lock-across-poll HIGH
// where: lock-across-poll bus_turn
// allow: lock-across-block lock-contention long-hold lock-starvation
// about: most turns of a busy loop find work at once, but in the lulls it waits with its lock held, and others wait for
// it
#include "case.h"
#include <poll.h>
#include <unistd.h>

static pthread_mutex_t bus_lock = PTHREAD_MUTEX_INITIALIZER;
static int bus[2], messages, done;

static FRAME int bus_turn(void)
{
    struct pollfd entry = {.fd = bus[0], .events = POLLIN};
    char message;
    pthread_mutex_lock(&bus_lock);
    int n = poll(&entry, 1, 30);
    if (n > 0 && read(bus[0], &message, 1) == 1)
        messages++;
    pthread_mutex_unlock(&bus_lock);
    return n;
}

static void *loop(void *arg)
{
    while (!__atomic_load_n(&done, __ATOMIC_SEQ_CST)) {
        bus_turn();
        if (messages % 100 == 0)
            nap_ms(5);
    }
    return arg;
}

static FRAME int bus_count(void)
{
    pthread_mutex_lock(&bus_lock);
    int n = messages;
    pthread_mutex_unlock(&bus_lock);
    return n;
}

int main(void)
{
    static const char burst[100];
    int n = 0;
    require(pipe(bus) == 0, "pipe");
    pthread_t thread = thread_start(loop, NULL);
    for (int i = 0; i < 8; i++) {
        require(write(bus[1], burst, sizeof burst) == sizeof burst, "write");
        nap_ms(15);
        n = bus_count();
        nap_ms(10);
    }
    stage_reach(&done, 1);
    thread_join(thread);
    return n < 100;
}
