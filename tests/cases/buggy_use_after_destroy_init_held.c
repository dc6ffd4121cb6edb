// expect: use-after-destroy CRITICAL
// where: use-after-destroy stats_reset
// about: a reset initialises the mutex again along with the counters, while another thread holds it
#include "case.h"

static struct {
    pthread_mutex_t lock;
    long hits;
} stats;
static int stage;

static FRAME void stats_reset(void)
{
    pthread_mutex_init(&stats.lock, NULL);
    stats.hits = 0;
}

static FRAME void stats_hit(void)
{
    pthread_mutex_lock(&stats.lock);
    stage_reach(&stage, 1);
    stage_await(&stage, 2);
    stats.hits++;
    pthread_mutex_unlock(&stats.lock);
}

static void *user(void *arg)
{
    stats_hit();
    return arg;
}

int main(void)
{
    stats_reset();
    pthread_t thread = thread_start(user, NULL);
    stage_await(&stage, 1);
    stats_reset();
    stage_reach(&stage, 2);
    thread_join(thread);
    return 0;
}
