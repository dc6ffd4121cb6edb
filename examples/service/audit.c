#include "audit.h"

#include "bugs.h"

#include <errno.h>
#include <fcntl.h>
#include <pthread.h>
#include <stdbool.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <time.h>
#include <unistd.h>

#define BUFFER_BYTES 65536
#define FLUSH_MS 100

struct audit {
    pthread_mutex_t lock;
    pthread_cond_t due; /* closing */
    pthread_t flusher;
    unsigned bugs;
    int file;
    bool closing;
    size_t used;
    unsigned long dropped;
    char filling[BUFFER_BYTES]; /* under lock */
    char writing[BUFFER_BYTES]; /* the flusher's own */
};

static void write_all(int file, const char *bytes, size_t size)
{
    while (size > 0) {
        ssize_t n = write(file, bytes, size);
        if (n < 0 && errno == EINTR)
            continue;
        if (n <= 0) {
            fprintf(stderr, "service: cannot write the audit log: %s\n", strerror(errno));
            return;
        }
        bytes += n;
        size -= (size_t)n;
    }
}

/* The bug: every line is on the disk before its request goes on, and all other requests wait for that. */
static __attribute__((noinline)) int audit_commit(struct audit *audit)
{
    write_all(audit->file, audit->filling, audit->used);
    audit->used = 0;
    return fsync(audit->file);
}

void audit_note(struct audit *audit, const char *verb, const char *key)
{
    char line[192];
    int size = snprintf(line, sizeof line, "%ld %s %s\n", (long)time(NULL), verb, key);
    size_t bytes = size < (int)sizeof line ? (size_t)size : sizeof line - 1;
    pthread_mutex_lock(&audit->lock);
    if (audit->used + bytes <= BUFFER_BYTES) {
        memcpy(audit->filling + audit->used, line, bytes);
        audit->used += bytes;
    } else {
        audit->dropped++;
    }
    if (audit->bugs & BUG_FSYNC)
        audit_commit(audit);
    pthread_mutex_unlock(&audit->lock);
}

static struct timespec flush_time(void)
{
    struct timespec t;
    clock_gettime(CLOCK_REALTIME, &t);
    t.tv_nsec += FLUSH_MS * 1000000L;
    t.tv_sec += t.tv_nsec / 1000000000L;
    t.tv_nsec %= 1000000000L;
    return t;
}

static __attribute__((noinline)) bool audit_flush(struct audit *audit)
{
    struct timespec when = flush_time();
    pthread_mutex_lock(&audit->lock);
    int error = 0;
    while (!audit->closing && error == 0)
        error = pthread_cond_timedwait(&audit->due, &audit->lock, &when);
    size_t bytes = audit->used;
    memcpy(audit->writing, audit->filling, bytes);
    audit->used = 0;
    bool last = audit->closing;
    pthread_mutex_unlock(&audit->lock);

    write_all(audit->file, audit->writing, bytes);
    if (bytes > 0 && fsync(audit->file) != 0 && errno != EINVAL) /* EINVAL: a pipe or a terminal */
        fprintf(stderr, "service: cannot sync the audit log: %s\n", strerror(errno));
    return !last;
}

static void *flusher_main(void *arg)
{
    pthread_setname_np(pthread_self(), "audit");
    while (audit_flush(arg))
        ;
    return NULL;
}

struct audit *audit_open(const char *path, unsigned bugs)
{
    struct audit *audit = calloc(1, sizeof *audit);
    if (!audit)
        return NULL;
    audit->bugs = bugs;
    audit->file = open(path, O_WRONLY | O_CREAT | O_APPEND | O_CLOEXEC, 0600);
    if (audit->file < 0)
        goto fail;
    pthread_mutex_init(&audit->lock, NULL);
    pthread_cond_init(&audit->due, NULL);
    errno = pthread_create(&audit->flusher, NULL, flusher_main, audit);
    if (errno == 0)
        return audit;
    close(audit->file);
fail:
    free(audit);
    return NULL;
}

void audit_close(struct audit *audit)
{
    pthread_mutex_lock(&audit->lock);
    audit->closing = true;
    if (!(audit->bugs & BUG_DESTROY))
        pthread_cond_signal(&audit->due);
    pthread_mutex_unlock(&audit->lock);
    if (audit->bugs & BUG_DESTROY)
        pthread_cond_destroy(&audit->due); /* the bug: the flusher still waits there, until its time is up */
    pthread_join(audit->flusher, NULL);
    if (!(audit->bugs & BUG_DESTROY))
        pthread_cond_destroy(&audit->due);
    pthread_mutex_destroy(&audit->lock);
    if (audit->dropped)
        dprintf(audit->file, "%lu lines dropped\n", audit->dropped);
    close(audit->file);
    free(audit);
}
