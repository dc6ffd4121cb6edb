/* makecontext coroutines with small stacks that lock, wait and are left for good in the middle of a lock. */
#include "transcript.h"

#include <poll.h>
#include <sys/mman.h>
#include <ucontext.h>

enum { COROUTINES = 64, STACK = 16 << 10, ROUNDS = 200 };

static ucontext_t scheduler, contexts[COROUTINES];
static pthread_mutex_t mutex = PTHREAD_MUTEX_INITIALIZER, other = PTHREAD_MUTEX_INITIALIZER;
static int sum, ended;

static __attribute__((noinline)) void add(int n)
{
    pthread_mutex_lock(&mutex);
    pthread_mutex_lock(&other);
    sum += n;
    pthread_mutex_unlock(&other);
    pthread_mutex_unlock(&mutex);
}

static void body(int self)
{
    for (int i = 0; i < ROUNDS; i++) {
        add(self);
        free(malloc((size_t)self + 1));
        if (i % 50 == 0)
            poll(NULL, 0, 0);
        swapcontext(&contexts[self], &scheduler);
    }
    ended++;
}

/* Each at the very end of a mapping, with nothing readable behind it. */
static void *stack_make(void)
{
    char *at = mmap(NULL, STACK + 8192, PROT_NONE, MAP_PRIVATE | MAP_ANONYMOUS, -1, 0);
    mprotect(at + 4096, STACK, PROT_READ | PROT_WRITE);
    return at + 4096;
}

static void run(int from)
{
    for (int i = from; i < COROUTINES; i++) {
        getcontext(&contexts[i]);
        contexts[i].uc_stack.ss_sp = stack_make();
        contexts[i].uc_stack.ss_size = STACK;
        contexts[i].uc_link = &scheduler;
        makecontext(&contexts[i], (void (*)(void))body, 1, i);
    }
    for (int round = 0; round <= ROUNDS; round++)
        for (int i = from; i < COROUTINES; i++)
            swapcontext(&scheduler, &contexts[i]);
}

/* From deep inside, so that the recorder learns long paths before it meets the short stacks. */
static __attribute__((noinline)) int deep(int levels)
{
    volatile char room[400];
    room[0] = (char)levels;
    if (levels == 0) {
        add(0);
        return room[0];
    }
    return deep(levels - 1) + room[0];
}

static void *elsewhere(void *unused)
{
    for (int i = 0; i < 200; i++)
        deep(i % 100);
    return unused;
}

int main(void)
{
    for (int i = 0; i < 400; i++)
        deep(i % 200);
    run(0);
    say("sum %d, %d ended", sum, ended);
    finish(start(elsewhere, NULL));
    for (int i = 0; i < 400; i++)
        deep(i % 50);
    say("sum %d", sum);
    return 0;
}
