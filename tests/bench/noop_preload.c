/*
 * noop_preload.c - the cheapest possible preload: each wrapper looks nothing up and records nothing, it only calls on.
 *
 * It is the yardstick between bare and libkiwi: what merely interposing these functions costs. The functions that the
 * scenarios and memcached call are forwarded; the real ones are found once, by the constructor, or by the first call if
 * that comes earlier.
 */
#include <dlfcn.h>
#include <pthread.h>
#include <semaphore.h>
#include <stddef.h>
#include <stdio.h>
#include <stdlib.h>
#include <sys/epoll.h>
#include <sys/socket.h>
#include <unistd.h>

/* glibc has two versions of the condition variable calls, and a plain look-up may find the old one. The heap is that of
 * whichever allocator comes next. */
#define FORWARDS(X)                                                                                                    \
    X(pthread_mutex_lock, "GLIBC_2.2.5")                                                                               \
    X(pthread_mutex_trylock, "GLIBC_2.34")                                                                             \
    X(pthread_mutex_unlock, "GLIBC_2.2.5")                                                                             \
    X(pthread_rwlock_rdlock, "GLIBC_2.34")                                                                             \
    X(pthread_rwlock_wrlock, "GLIBC_2.34")                                                                             \
    X(pthread_rwlock_unlock, "GLIBC_2.34")                                                                             \
    X(pthread_spin_lock, "GLIBC_2.34")                                                                                 \
    X(pthread_spin_unlock, "GLIBC_2.34")                                                                               \
    X(sem_wait, "GLIBC_2.34")                                                                                          \
    X(sem_post, "GLIBC_2.34")                                                                                          \
    X(pthread_cond_wait, "GLIBC_2.3.2")                                                                                \
    X(pthread_cond_signal, "GLIBC_2.3.2")                                                                              \
    X(pthread_cond_broadcast, "GLIBC_2.3.2")                                                                           \
    X(pthread_create, "GLIBC_2.34")                                                                                    \
    X(epoll_wait, "GLIBC_2.3.2")                                                                                       \
    X(read, "GLIBC_2.2.5")                                                                                             \
    X(write, "GLIBC_2.2.5")                                                                                            \
    X(sendmsg, "GLIBC_2.2.5")                                                                                          \
    X(recvfrom, "GLIBC_2.2.5")                                                                                         \
    X(malloc, NULL)                                                                                                    \
    X(calloc, NULL)                                                                                                    \
    X(realloc, NULL)                                                                                                   \
    X(free, NULL)

struct real {
#define X(name, version) __typeof__(&name) name;
    FORWARDS(X)
#undef X
};

/* Set once, before there is a second thread, and the same whoever sets it. */
static struct real real;

static void resolve(void *slot, const char *name, const char *version)
{
    void *found = version ? dlvsym(RTLD_NEXT, name, version) : NULL;
    if (found == NULL)
        found = dlsym(RTLD_NEXT, name);
    if (found == NULL) {
        fprintf(stderr, "noop_preload: cannot find %s\n", name);
        _exit(125);
    }
    *(void **)slot = found;
}

__attribute__((constructor, cold, noinline)) static void resolve_all(void)
{
#define X(name, version) resolve(&real.name, #name, version);
    FORWARDS(X)
#undef X
}

static inline __attribute__((always_inline)) const struct real *get_real(void)
{
    if (__builtin_expect(real.free == NULL, 0)) /* the last one in the table */
        resolve_all();
    return &real;
}

int pthread_mutex_lock(pthread_mutex_t *mutex)
{
    return get_real()->pthread_mutex_lock(mutex);
}

int pthread_mutex_trylock(pthread_mutex_t *mutex)
{
    return get_real()->pthread_mutex_trylock(mutex);
}

int pthread_mutex_unlock(pthread_mutex_t *mutex)
{
    return get_real()->pthread_mutex_unlock(mutex);
}

int pthread_rwlock_rdlock(pthread_rwlock_t *lock)
{
    return get_real()->pthread_rwlock_rdlock(lock);
}

int pthread_rwlock_wrlock(pthread_rwlock_t *lock)
{
    return get_real()->pthread_rwlock_wrlock(lock);
}

int pthread_rwlock_unlock(pthread_rwlock_t *lock)
{
    return get_real()->pthread_rwlock_unlock(lock);
}

int pthread_spin_lock(pthread_spinlock_t *lock)
{
    return get_real()->pthread_spin_lock(lock);
}

int pthread_spin_unlock(pthread_spinlock_t *lock)
{
    return get_real()->pthread_spin_unlock(lock);
}

int sem_wait(sem_t *semaphore)
{
    return get_real()->sem_wait(semaphore);
}

int sem_post(sem_t *semaphore)
{
    return get_real()->sem_post(semaphore);
}

int pthread_cond_wait(pthread_cond_t *restrict cond, pthread_mutex_t *restrict mutex)
{
    return get_real()->pthread_cond_wait(cond, mutex);
}

int pthread_cond_signal(pthread_cond_t *cond)
{
    return get_real()->pthread_cond_signal(cond);
}

int pthread_cond_broadcast(pthread_cond_t *cond)
{
    return get_real()->pthread_cond_broadcast(cond);
}

int pthread_create(pthread_t *restrict thread, const pthread_attr_t *restrict attributes, void *(*run)(void *),
                   void *restrict argument)
{
    return get_real()->pthread_create(thread, attributes, run, argument);
}

int epoll_wait(int epoll, struct epoll_event *events, int count, int timeout)
{
    return get_real()->epoll_wait(epoll, events, count, timeout);
}

ssize_t read(int descriptor, void *bytes, size_t size)
{
    return get_real()->read(descriptor, bytes, size);
}

ssize_t write(int descriptor, const void *bytes, size_t size)
{
    return get_real()->write(descriptor, bytes, size);
}

ssize_t sendmsg(int descriptor, const struct msghdr *message, int flags)
{
    return get_real()->sendmsg(descriptor, message, flags);
}

ssize_t recvfrom(int descriptor, void *restrict bytes, size_t size, int flags, struct sockaddr *restrict from,
                 socklen_t *restrict from_size)
{
    return get_real()->recvfrom(descriptor, bytes, size, flags, from, from_size);
}

void *malloc(size_t size)
{
    return get_real()->malloc(size);
}

void *calloc(size_t count, size_t size)
{
    return get_real()->calloc(count, size);
}

void *realloc(void *block, size_t size)
{
    return get_real()->realloc(block, size);
}

void free(void *block)
{
    get_real()->free(block);
}
