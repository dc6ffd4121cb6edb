/* An allocator of the program's own, which is not ready before the program's constructors have run. */
#include "transcript.h"

#include <stddef.h>

static char room[1 << 20] __attribute__((aligned(16)));
static size_t used;
static bool ready;
static int early;

__attribute__((constructor)) static void get_ready(void)
{
    ready = true;
}

void *malloc(size_t size)
{
    early += !ready;
    size_t at = __atomic_fetch_add(&used, (size + 31) & ~(size_t)15, __ATOMIC_RELAXED);
    if (at + size + 16 > sizeof room)
        return NULL;
    *(size_t *)(void *)(room + at) = size;
    return room + at + 16;
}

void free(void *block)
{
    early += block && !ready;
}

void *calloc(size_t count, size_t size)
{
    return malloc(count * size);
}

void *realloc(void *old, size_t size)
{
    void *block = malloc(size);
    size_t had = old ? ((size_t *)old)[-2] : 0;
    for (size_t i = 0; block && i < had && i < size; i++)
        ((volatile char *)block)[i] = ((char *)old)[i];
    return block;
}

static void *work(void *arg)
{
    static pthread_mutex_t m = PTHREAD_MUTEX_INITIALIZER;
    outcome("lock", pthread_mutex_lock(&m));
    outcome("unlock", pthread_mutex_unlock(&m));
    return arg;
}

int main(void)
{
    say("allocations before it was ready: %d", early);
    work(NULL);
    say("joined: %d", finish(start(work, &early)) == &early);
    return 0;
}
