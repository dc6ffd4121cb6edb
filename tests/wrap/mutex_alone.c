/* Normal mutexes while the process has one thread, where glibc's take and release need no atomic instruction, but its
 * try has one; and what it does about a mutex that was written over, before and after there was a second thread. */
#include "transcript.h"

#include <sys/mman.h>
#include <sys/resource.h>

#define TRIES 1000000

struct shared {
    pthread_mutex_t m;
    volatile long count; /* guarded by m */
    int there;           /* processes */
};

static void try_often(struct shared *s)
{
    __atomic_add_fetch(&s->there, 1, __ATOMIC_SEQ_CST);
    while (__atomic_load_n(&s->there, __ATOMIC_SEQ_CST) < 2)
        sched_yield();
    for (int i = 0; i < TRIES; i++) {
        while (pthread_mutex_trylock(&s->m))
            sched_yield();
        s->count++;
        pthread_mutex_unlock(&s->m);
    }
}

/* Not marked as shared, which is wrong, and works as long as they only try. */
static void two_processes_try(void)
{
    struct shared *s = mmap(NULL, sizeof *s, PROT_READ | PROT_WRITE, MAP_SHARED | MAP_ANONYMOUS, -1, 0);
    pthread_mutex_init(&s->m, NULL);
    pid_t child = fork();
    try_often(s);
    if (child == 0)
        _exit(0);
    waitpid(child, NULL, 0);
    say("two processes tried, count %ld, word %d, users %u", s->count, s->m.__data.__lock, s->m.__data.__nusers);
    munmap(s, sizeof *s);
}

/* A free one with an owner: the lock ends the program with a message, the try does not care. `rounds` before, so that
 * the call path is new or known. */
static void written_over(int type, int rounds, bool try)
{
    pid_t child = fork();
    if (child == 0) {
        pthread_mutex_t m;
        pthread_mutexattr_t attr;
        struct rlimit no_core = {0, 0};
        setrlimit(RLIMIT_CORE, &no_core);
        pthread_mutexattr_init(&attr);
        if (type != PTHREAD_MUTEX_DEFAULT)
            pthread_mutexattr_settype(&attr, type);
        pthread_mutex_init(&m, &attr);
        for (int i = 0; i <= rounds; i++) {
            if (i == rounds)
                m.__data.__owner = 1;
            int error = try ? pthread_mutex_trylock(&m) : pthread_mutex_lock(&m);
            if (error)
                _exit(1);
            pthread_mutex_unlock(&m);
        }
        _exit(0);
    }
    child_ended(try ? "tried" : "locked", child);
}

static void all_written_over(void)
{
    static const int types[] = {PTHREAD_MUTEX_DEFAULT, PTHREAD_MUTEX_NORMAL, PTHREAD_MUTEX_RECURSIVE,
                                PTHREAD_MUTEX_ADAPTIVE_NP};
    for (size_t i = 0; i < sizeof types / sizeof *types; i++) {
        for (int rounds = 0; rounds <= 5000; rounds += 5000) {
            say("-- written over, type %d, after %d", types[i], rounds);
            written_over(types[i], rounds, false);
            written_over(types[i], rounds, true);
        }
    }
}

static void *nothing(void *p)
{
    return p;
}

int main(void)
{
    two_processes_try();
    all_written_over();
    finish(start(nothing, NULL));
    all_written_over();
    return 0;
}
