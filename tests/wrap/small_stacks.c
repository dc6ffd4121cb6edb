/* The smallest stacks there can be: each wrapped call at their deepest point must take no more than a bare run
 * leaves. */
#include "transcript.h"

#include <limits.h>
#include <poll.h>
#include <sys/mman.h>

/* A bare run of the first call in a library takes some 3 KiB to look its name up; less than that may be used below
 * it. */
#define LEFT 2900

static pthread_mutex_t mutex = PTHREAD_MUTEX_INITIALIZER, other = PTHREAD_MUTEX_INITIALIZER;
static char *bottom;

static void locks(void)
{
    pthread_mutex_lock(&mutex);
    pthread_mutex_lock(&other);
    pthread_mutex_unlock(&other);
    pthread_mutex_unlock(&mutex);
    if (pthread_mutex_trylock(&mutex) == 0)
        pthread_mutex_unlock(&mutex);
}
static void waits(void)
{
    struct timespec t = {0, 1000};
    poll(NULL, 0, 0);
    nanosleep(&t, NULL);
}
static void heap(void)
{
    free(malloc(100));
}
static void timed(void)
{
    static pthread_cond_t c = PTHREAD_COND_INITIALIZER;
    struct timespec past = {1, 0};
    pthread_mutex_lock(&mutex);
    pthread_cond_timedwait(&c, &mutex, &past);
    pthread_cond_signal(&c);
    pthread_mutex_unlock(&mutex);
}

static void (*const calls[])(void) = {locks, waits, heap, timed};

static __attribute__((noinline)) void down(void (*call)(void))
{
    volatile char page[256] = "";
    if ((char *)__builtin_frame_address(0) - bottom > LEFT + 400)
        down(call);
    else
        call();
    (void)page[0];
}

static void *go_down(void *call)
{
    down(*(void (**)(void))call);
    return NULL;
}

int main(void)
{
    for (size_t i = 0; i < sizeof calls / sizeof *calls; i++) {
        calls[i](); /* names are bound */
        pthread_attr_t attr;
        pthread_t id;
        char *stack = mmap(NULL, PTHREAD_STACK_MIN + 65536, PROT_NONE, MAP_PRIVATE | MAP_ANONYMOUS, -1, 0);
        bottom = stack + 65536;
        mprotect(bottom, PTHREAD_STACK_MIN, PROT_READ | PROT_WRITE);
        pthread_attr_init(&attr);
        outcome("own stack", pthread_attr_setstack(&attr, bottom, PTHREAD_STACK_MIN));
        outcome("create", pthread_create(&id, &attr, go_down, (void *)&calls[i]));
        finish(id);
        pthread_attr_destroy(&attr);
    }
    return 0;
}
