// expect: none
// about: the inverse order is only ever tried; a failure gives everything back and starts over
#include "case.h"

static pthread_mutex_t input_lock = PTHREAD_MUTEX_INITIALIZER;
static pthread_mutex_t output_lock = PTHREAD_MUTEX_INITIALIZER;
static long input, output;

static FRAME long forward(void)
{
    pthread_mutex_lock(&input_lock);
    pthread_mutex_lock(&output_lock);
    long n = ++output;
    pthread_mutex_unlock(&output_lock);
    pthread_mutex_unlock(&input_lock);
    return n;
}

static FRAME long backward(void)
{
    for (;;) {
        pthread_mutex_lock(&output_lock);
        if (pthread_mutex_trylock(&input_lock) == 0)
            break;
        pthread_mutex_unlock(&output_lock);
        sched_yield();
    }
    long n = ++input;
    pthread_mutex_unlock(&input_lock);
    pthread_mutex_unlock(&output_lock);
    return n;
}

static void *pump(void *arg)
{
    for (int i = 0; i < 500; i++)
        forward();
    return arg;
}

static void *drain(void *arg)
{
    for (int i = 0; i < 500; i++)
        backward();
    return arg;
}

int main(void)
{
    pthread_t a = thread_start(pump, NULL), b = thread_start(drain, NULL);
    thread_join(a);
    thread_join(b);
    return input + output != 1000;
}
