// expect: none
/*
 * The gateway of lock_across_poll.c, mended: it copies the table under the lock, waits without it, and takes it again
 * for the short moment in which the readings are written down.
 *
 * Kiwi prints no finding.
 */
#include <poll.h>
#include <pthread.h>
#include <stdio.h>
#include <string.h>
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
    struct pollfd mine[SENSORS];
    int heard = 0;
    char value;
    pthread_mutex_lock(&table_lock);
    memcpy(mine, table, sizeof mine);
    pthread_mutex_unlock(&table_lock);
    if (poll(mine, SENSORS, 1000) > 0) {
        for (int i = 0; i < SENSORS; i++) {
            if ((mine[i].revents & POLLIN) && read(mine[i].fd, &value, 1) == 1)
                heard++;
        }
    }
    pthread_mutex_lock(&table_lock);
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
