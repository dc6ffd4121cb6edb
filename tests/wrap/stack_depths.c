/* Paths that meet far down in large frames, then call sites near the top of the stack: what the recorder learns about
 * the deep ones must not make it look past the stack's end for the shallow ones. */
#include "transcript.h"

#include <alloca.h>

#define STEPS 300u
#define NOINLINE __attribute__((noinline))

static pthread_mutex_t deep_lock = PTHREAD_MUTEX_INITIALIZER, shallow_lock = PTHREAD_MUTEX_INITIALIZER;
static volatile char sink;

/* Takes the lock at a stack pointer that depends on `pad`. */
static NOINLINE void take(pthread_mutex_t *m, size_t pad)
{
    volatile char *room = alloca(pad);
    room[0] = 1;
    pthread_mutex_lock(m);
    pthread_mutex_unlock(m);
    sink = room[0];
}

static NOINLINE void meet(size_t pad)
{
    volatile char large[200000];
    large[0] = 1;
    take(&deep_lock, pad);
    sink = large[0];
}

static NOINLINE void one_way(size_t pad)
{
    meet(pad);
    sink = 1;
}

static NOINLINE void other_way(size_t pad)
{
    meet(pad);
    sink = 2;
}

static void *walk(void *name)
{
    for (size_t pad = 16; pad < 16 * STEPS; pad += 16)
        for (int i = 0; i < 3; i++) {
            one_way(pad);
            other_way(pad);
            one_way(pad);
            other_way(pad);
        }
    for (size_t pad = 16; pad < 16 * 2 * STEPS; pad += 16)
        take(&shallow_lock, pad);
    say("%s walked", (const char *)name);
    return NULL;
}

int main(void)
{
    walk("main thread");
    finish(start(walk, "other thread"));
    return 0;
}
