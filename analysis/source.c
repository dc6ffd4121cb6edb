#define _GNU_SOURCE /* SEEK_DATA, SEEK_HOLE */
#include "source.h"

#include "text.h"

#include <errno.h>
#include <fcntl.h>
#include <limits.h>
#include <stdio.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

/* A trace may lie in memory (tmpfs) with only a link where it was asked for: then a restart takes it away. */
static void say_why(const char *path, int number, char *error, size_t error_size)
{
    char target[PATH_MAX];
    ssize_t length = number == ENOENT ? readlink(path, target, sizeof target - 1) : -1;

    if (length < 0) {
        snprintf(error, error_size, "%s", strerror(number));
        return;
    }
    target[length] = '\0';
    text_clean(target, (size_t)length);
    snprintf(error, error_size, "it points to '%s', which is gone", target);
}

bool source_open(struct source *s, const char *path, char *error, size_t error_size)
{
    struct stat status;

    *s = (struct source){.fd = open(path, O_RDONLY | O_CLOEXEC | O_NONBLOCK | O_NOCTTY)};
    if (s->fd < 0) {
        say_why(path, errno, error, error_size);
        return false;
    }
    if (fstat(s->fd, &status) != 0) {
        snprintf(error, error_size, "%s", strerror(errno));
        source_close(s);
        return false;
    }
    if (!S_ISREG(status.st_mode)) {
        snprintf(error, error_size, "%s", S_ISDIR(status.st_mode) ? "is a directory" : "is not a regular file");
        source_close(s);
        return false;
    }
    s->size = (uint64_t)status.st_size;
    s->inode = (uint64_t)status.st_ino;
    return true;
}

void source_memory(struct source *s, const void *bytes, size_t size)
{
    *s = (struct source){.fd = -1, .bytes = bytes, .size = size};
}

void source_close(struct source *s)
{
    if (s->fd >= 0)
        close(s->fd); /* opened for reading: nothing can be lost */
    s->fd = -1;
}

static size_t clip(const struct source *s, uint64_t offset, size_t size)
{
    if (offset >= s->size)
        return 0;
    return size < s->size - offset ? size : (size_t)(s->size - offset);
}

size_t source_read(const struct source *s, uint64_t offset, void *out, size_t size)
{
    size_t done = 0;

    size = clip(s, offset, size);
    if (s->fd < 0) {
        if (size)
            memcpy(out, s->bytes + offset, size);
        return size;
    }
    while (done < size) {
        ssize_t n = pread(s->fd, (char *)out + done, size - done, (off_t)(offset + done));
        if (n > 0)
            done += (size_t)n;
        else if (n == 0 || errno != EINTR)
            break;
    }
    return done;
}

/* The next stretch of data in [*from, end). File systems that know no holes report all as data. */
static bool next_extent(const struct source *s, uint64_t *from, uint64_t end, uint64_t *extent_end)
{
    if (*from >= end)
        return false;
    *extent_end = end;
    if (s->fd < 0)
        return true;
    off_t data = lseek(s->fd, (off_t)*from, SEEK_DATA);
    if (data < 0)
        return errno != ENXIO; /* ENXIO: only a hole is left */
    if ((uint64_t)data >= end)
        return false;
    if ((uint64_t)data > *from)
        *from = (uint64_t)data;
    off_t hole = lseek(s->fd, data, SEEK_HOLE);
    if (hole > data && (uint64_t)hole < end)
        *extent_end = (uint64_t)hole;
    return true;
}

uint64_t source_data_end(const struct source *s, uint64_t offset, uint64_t size)
{
    uint64_t end = offset < s->size ? offset + (size < s->size - offset ? size : s->size - offset) : offset;
    uint64_t from = offset, extent_end = offset, last = offset;

    while (next_extent(s, &from, end, &extent_end))
        last = from = extent_end;
    return last;
}

bool source_read_sparse(const struct source *s, uint64_t offset, void *out, size_t size)
{
    uint64_t end = offset + clip(s, offset, size), from = offset, extent_end;

    while (next_extent(s, &from, end, &extent_end)) {
        size_t length = (size_t)(extent_end - from);
        if (source_read(s, from, (char *)out + (from - offset), length) != length)
            return false;
        from = extent_end;
    }
    return true;
}
