// expect: lock-across-poll HIGH
// allow: lock-across-block lock-contention
// where: lock-across-poll sensors_wait
/*
 * A gateway waits for its sensors in poll() and holds the lock of the sensor table meanwhile. Whoever wants to look at
 * the table (here: the status page) waits until a sensor happens to speak.
 *
 * Kiwi prints lock-across-poll (HIGH): the lock, where it was taken, how long it was held across poll, and who waited.
 */
#include <poll.h>
#include <pthread.h>
#include <stdio.h>
#include <time.h>
#include <unistd.h>

#define SENSORS 2
#define ROUNDS 8

static pthread_mutex_t table_lock = PTHREAD_MUTEX_INITIALIZER;
static struct pollfd table[SENSORS];
static long readings;
static int sensor[SENSORS];

static void nap_ms(long ms)
{
    struct timespec t = {ms / 1000, ms % 1000 * 1000000L};
    nanosleep(&t, NULL);
}

static __attribute__((noinline)) int sensors_wait(void)
{
    int heard = 0;
    char value;
    pthread_mutex_lock(&table_lock);
    if (poll(table, SENSORS, 1000) > 0) {
        for (int i = 0; i < SENSORS; i++) {
            if ((table[i].revents & POLLIN) && read(table[i].fd, &value, 1) == 1)
                heard++;
        }
    }
    readings += heard;
    pthread_mutex_unlock(&table_lock);
    return heard;
}

static void *gateway(void *arg)
{
    (void)arg;
    for (int heard = 0; heard < ROUNDS;)
        heard += sensors_wait();
    return NULL;
}

static void *world(void *arg)
{
    (void)arg;
    for (int i = 0; i < ROUNDS; i++) {
        nap_ms(40);
        if (write(sensor[i % SENSORS], "x", 1) != 1)
            break;
    }
    return NULL;
}

static __attribute__((noinline)) long status_page(void)
{
    pthread_mutex_lock(&table_lock);
    long value = readings;
    pthread_mutex_unlock(&table_lock);
    return value;
}

int main(void)
{
    pthread_t threads[2];
    for (int i = 0; i < SENSORS; i++) {
        int ends[2];
        if (pipe(ends))
            return 1;
        table[i] = (struct pollfd){.fd = ends[0], .events = POLLIN};
        sensor[i] = ends[1];
    }
    if (pthread_create(&threads[0], NULL, gateway, NULL) || pthread_create(&threads[1], NULL, world, NULL))
        return 1;
    nap_ms(100);
    status_page();
    pthread_join(threads[0], NULL);
    pthread_join(threads[1], NULL);
    printf("%ld readings\n", status_page());
    return 0;
}
