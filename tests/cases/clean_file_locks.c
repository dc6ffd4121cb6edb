// expect: none
// about: file locks as they should be: waited for with no mutex held, tried in a loop's tick, and taken first of all
#include "case.h"
#include <errno.h>
#include <fcntl.h>
#include <poll.h>
#include <sys/eventfd.h>
#include <sys/file.h>
#include <unistd.h>

#define ROUNDS 6

static pthread_mutex_t table = PTHREAD_MUTEX_INITIALIZER;
static char name[] = "/tmp/kiwi-case-XXXXXX";
static int total, wake[2];

static void *store(void *arg)
{
    int file = open(name, O_RDWR);
    for (int i = 0; i < ROUNDS; i++) {
        require(flock(file, LOCK_EX) == 0, "lock");
        pthread_mutex_lock(&table);
        total++;
        pthread_mutex_unlock(&table);
        nap_ms(15);
        flock(file, LOCK_UN);
        eventfd_write(wake[i % 2], 1);
    }
    close(file);
    return arg;
}

static int try_append(int file)
{
    if (flock(file, LOCK_EX | LOCK_NB))
        return errno != EWOULDBLOCK;
    return flock(file, LOCK_UN);
}

int main(void)
{
    int file = mkstemp(name), served = 0;
    struct pollfd both[2];
    pthread_t threads[2];
    for (int i = 0; i < 2; i++)
        both[i] = (struct pollfd){.fd = wake[i] = eventfd(0, EFD_NONBLOCK), .events = POLLIN};
    for (int i = 0; i < 2; i++)
        threads[i] = thread_start(store, NULL);
    while (served < 2 * ROUNDS) {
        require(poll(both, 2, 5000) > 0, "an event");
        for (int i = 0; i < 2; i++) {
            eventfd_t value = 0;
            if (both[i].revents && eventfd_read(both[i].fd, &value) == 0)
                served += (int)value;
            require(try_append(file) == 0, "append");
        }
    }
    for (int i = 0; i < 2; i++)
        thread_join(threads[i]);
    unlink(name);
    return close(file) || total != 2 * ROUNDS;
}
