// expect: none
// about: three edges close a ring, but two of them belong to one thread, which can't be at both places at once
#include "case.h"

static pthread_mutex_t intake_lock = PTHREAD_MUTEX_INITIALIZER;
static pthread_mutex_t sort_lock = PTHREAD_MUTEX_INITIALIZER;
static pthread_mutex_t ship_lock = PTHREAD_MUTEX_INITIALIZER;
static int parcels, stage;

static FRAME int intake_then_sort(void)
{
    pthread_mutex_lock(&intake_lock);
    pthread_mutex_lock(&sort_lock);
    int n = ++parcels;
    pthread_mutex_unlock(&sort_lock);
    pthread_mutex_unlock(&intake_lock);
    return n;
}

static FRAME int sort_then_ship(void)
{
    pthread_mutex_lock(&sort_lock);
    pthread_mutex_lock(&ship_lock);
    int n = parcels;
    pthread_mutex_unlock(&ship_lock);
    pthread_mutex_unlock(&sort_lock);
    return n;
}

static FRAME int ship_then_intake(void)
{
    pthread_mutex_lock(&ship_lock);
    pthread_mutex_lock(&intake_lock);
    int n = --parcels;
    pthread_mutex_unlock(&intake_lock);
    pthread_mutex_unlock(&ship_lock);
    return n;
}

static void *hall(void *arg)
{
    intake_then_sort();
    sort_then_ship();
    stage_reach(&stage, 1);
    stage_await(&stage, 2);
    return arg;
}

static void *ramp(void *arg)
{
    stage_await(&stage, 1);
    ship_then_intake();
    stage_reach(&stage, 2);
    return arg;
}

int main(void)
{
    pthread_t a = thread_start(hall, NULL), b = thread_start(ramp, NULL);
    thread_join(a);
    thread_join(b);
    return parcels;
}
