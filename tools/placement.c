#include "placement.h"

#include "message.h"

#include "../interpose/trace_format.h"

#include <errno.h>
#include <fcntl.h>
#include <limits.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

/*
 * Only what libkiwi.so made is ever copied and removed: in a directory that others can write to, a link may lead
 * anywhere. Returns an open descriptor of the trace, or -1.
 */
static int open_stored(const char *path)
{
    const size_t place = strlen(PLACEMENT_DIRECTORY "/" PLACEMENT_PREFIX);
    char magic[sizeof KIWI_TRACE_MAGIC];
    struct stat s;
    int fd;

    if (strncmp(path, PLACEMENT_DIRECTORY "/" PLACEMENT_PREFIX, place) != 0 || strchr(path + place, '/'))
        return -1;
    fd = open(path, O_RDONLY | O_NOFOLLOW | O_NONBLOCK | O_CLOEXEC);
    if (fd < 0)
        return -1;
    if (fstat(fd, &s) == 0 && S_ISREG(s.st_mode) && (s.st_uid == geteuid() || geteuid() == 0) &&
        pread(fd, magic, sizeof magic, 0) == (ssize_t)sizeof magic &&
        memcmp(magic, KIWI_TRACE_MAGIC, sizeof magic) == 0)
        return fd;
    close(fd);
    return -1;
}

static bool write_all(int fd, const char *bytes, size_t size, off_t offset)
{
    while (size > 0) {
        ssize_t written = pwrite(fd, bytes, size, offset);

        if (written < 0 && errno == EINTR)
            continue;
        if (written <= 0)
            return false;
        bytes += written;
        size -= (size_t)written;
        offset += written;
    }
    return true;
}

static bool copy_range(int from, int to, off_t at, off_t end)
{
    static char buffer[1 << 18];

    while (at < end) {
        size_t want = end - at < (off_t)sizeof buffer ? (size_t)(end - at) : sizeof buffer;
        ssize_t got = pread(from, buffer, want, at);

        if (got < 0 && errno == EINTR)
            continue;
        if (got < 0)
            return false;
        if (got == 0)
            return true;
        if (!write_all(to, buffer, (size_t)got, at))
            return false;
        at += got;
    }
    return true;
}

/* Holes stay holes: a trace has a large size and little in it. */
static bool copy_sparse(int from, int to)
{
    struct stat s;
    off_t at = 0;

    if (fstat(from, &s) != 0 || ftruncate(to, s.st_size) != 0)
        return false;
    while ((at = lseek(from, at, SEEK_DATA)) >= 0) {
        off_t end = lseek(from, at, SEEK_HOLE);

        if (end < 0)
            end = s.st_size;
        if (!copy_range(from, to, at, end))
            return false;
        at = end;
    }
    return errno == ENXIO; /* no data behind this point: all is copied */
}

/* A new file beside `name` with the bytes of `from` and its owner. Returns false with errno. */
static bool make_copy(int from, const char *temporary)
{
    struct stat s;
    int saved, to = open(temporary, O_WRONLY | O_CREAT | O_EXCL | O_NOFOLLOW | O_CLOEXEC, 0600);
    bool done;

    if (to < 0)
        return false;
    done = copy_sparse(from, to);
    if (done && geteuid() == 0)
        done = fstat(from, &s) == 0 && fchown(to, s.st_uid, s.st_gid) == 0;
    saved = errno;
    if (close(to) != 0 && done) {
        saved = errno;
        done = false;
    }
    if (!done)
        unlink(temporary);
    errno = saved;
    return done;
}

static bool link_target(const char *name, char *target, size_t size)
{
    ssize_t length = readlink(name, target, size - 1);

    if (length < 0)
        return false;
    target[length] = '\0';
    return true;
}

static bool still_leads_to(const char *name, const char *stored)
{
    char target[PATH_MAX];

    return link_target(name, target, sizeof target) && strcmp(target, stored) == 0;
}

static enum placement failed(const char *stored, const char *name)
{
    message("cannot move the trace to '%s': %s; it stays in '%s'", name, strerror(errno), stored);
    return PLACEMENT_FAILED;
}

/* What a process left that was killed while it put its trace in place itself. */
static void remove_part(const char *name)
{
    char part[PATH_MAX];
    struct stat s;

    if (snprintf(part, sizeof part, "%s.part", name) < (int)sizeof part && lstat(part, &s) == 0 && S_ISREG(s.st_mode))
        unlink(part);
}

enum placement placement_replace_link(const char *name)
{
    char stored[PATH_MAX], temporary[PATH_MAX];
    enum placement result = PLACEMENT_FAILED;
    int fd;

    if (!link_target(name, stored, sizeof stored))
        return PLACEMENT_NOT_NEEDED;
    fd = open_stored(stored);
    if (fd < 0)
        return PLACEMENT_NOT_NEEDED;
    if (snprintf(temporary, sizeof temporary, "%s.tmp.%d", name, (int)getpid()) >= (int)sizeof temporary)
        errno = ENAMETOOLONG;
    else if (make_copy(fd, temporary))
        result = PLACEMENT_DONE;
    if (result == PLACEMENT_DONE && (!still_leads_to(name, stored) || rename(temporary, name) != 0)) {
        int saved = errno;

        unlink(temporary);
        errno = saved;
        result = PLACEMENT_FAILED;
    }
    close(fd);
    if (result == PLACEMENT_FAILED)
        return failed(stored, name);
    remove_part(name);
    unlink(stored);
    return PLACEMENT_DONE;
}

enum placement placement_adopt(const char *stored, const char *name)
{
    int fd = open_stored(stored);
    bool done;

    if (fd < 0)
        return PLACEMENT_NOT_NEEDED;
    done = make_copy(fd, name);
    close(fd);
    if (!done)
        return failed(stored, name);
    unlink(stored);
    return PLACEMENT_DONE;
}
