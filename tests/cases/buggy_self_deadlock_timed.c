// expect: self-deadlock
// where: self-deadlock lease_renew
// about: a lease is renewed from inside its own lock with a timed lock: it always costs the full timeout and always
// fails
#include "case.h"
#include <errno.h>

static pthread_mutex_t lease_lock = PTHREAD_MUTEX_INITIALIZER;
static int lease_age, failures;

static FRAME int lease_renew(void)
{
    struct timespec deadline = deadline_ms(CLOCK_REALTIME, 50);
    int error = pthread_mutex_timedlock(&lease_lock, &deadline);
    if (error) {
        failures++;
        return error;
    }
    lease_age = 0;
    pthread_mutex_unlock(&lease_lock);
    return 0;
}

static FRAME int lease_use(void)
{
    pthread_mutex_lock(&lease_lock);
    int error = ++lease_age > 3 ? lease_renew() : 0;
    pthread_mutex_unlock(&lease_lock);
    return error;
}

static void *holder(void *arg)
{
    for (int i = 0; i < 5; i++)
        *(int *)arg = lease_use();
    return NULL;
}

int main(void)
{
    int error = 0;
    thread_join(thread_start(holder, &error));
    return error != ETIMEDOUT || failures != 2;
}
