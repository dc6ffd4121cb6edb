// expect: none
// about: a then b by one thread, b released, then c; another c then a: no pair is ever held the other way round
#include "case.h"

static pthread_mutex_t intake_lock = PTHREAD_MUTEX_INITIALIZER;
static pthread_mutex_t sort_lock = PTHREAD_MUTEX_INITIALIZER;
static pthread_mutex_t ship_lock = PTHREAD_MUTEX_INITIALIZER;
static int parcels;

static FRAME int intake_sort_ship(void)
{
    pthread_mutex_lock(&intake_lock);
    pthread_mutex_lock(&sort_lock);
    pthread_mutex_unlock(&intake_lock);
    int n = ++parcels;
    pthread_mutex_unlock(&sort_lock);
    pthread_mutex_lock(&ship_lock);
    n += parcels;
    pthread_mutex_unlock(&ship_lock);
    return n;
}

static FRAME int ship_intake(void)
{
    pthread_mutex_lock(&ship_lock);
    pthread_mutex_lock(&intake_lock);
    int n = parcels;
    pthread_mutex_unlock(&intake_lock);
    pthread_mutex_unlock(&ship_lock);
    return n;
}

static void *hall(void *arg)
{
    for (int i = 0; i < 100; i++)
        *(int *)arg = intake_sort_ship();
    return NULL;
}

static void *ramp(void *arg)
{
    for (int i = 0; i < 100; i++)
        *(int *)arg = ship_intake();
    return NULL;
}

int main(void)
{
    int n[2] = {0, 0};
    pthread_t a = thread_start(hall, &n[0]), b = thread_start(ramp, &n[1]);
    thread_join(a);
    thread_join(b);
    return parcels != 100;
}
