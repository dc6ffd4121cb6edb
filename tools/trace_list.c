#include "trace_list.h"

#include "placement.h"

#include "../interpose/base/options.h"
#include "../interpose/trace_format.h"

#include <dirent.h>
#include <errno.h>
#include <fcntl.h>
#include <glob.h>
#include <limits.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

/* A regular file, or a link to one, that starts as a trace does; *s then says which one. */
static bool is_trace(const char *path, struct stat *s)
{
    char magic[sizeof KIWI_TRACE_MAGIC];
    bool begins;
    int fd;

    if (stat(path, s) != 0 || !S_ISREG(s->st_mode))
        return false;
    fd = open(path, O_RDONLY | O_NONBLOCK | O_CLOEXEC);
    if (fd < 0)
        return false;
    begins = read(fd, magic, sizeof magic) == (ssize_t)sizeof magic &&
             memcmp(magic, KIWI_TRACE_MAGIC, sizeof magic) == 0;
    close(fd);
    return begins;
}

static bool add(struct trace_list *list, const char *path, const struct stat *s)
{
    char *name = strdup(path);

    if (name && list->count == list->capacity) {
        unsigned capacity = list->capacity ? 2 * list->capacity : 16;
        struct trace_file *files = reallocarray(list->files, capacity, sizeof *files);

        if (!files) {
            free(name);
            return false;
        }
        list->files = files;
        list->capacity = capacity;
    }
    if (!name)
        return false;
    struct trace_file *file = &list->files[list->count++];
    file->name = name;
    file->device = s->st_dev;
    file->inode = s->st_ino;
    return true;
}

/* Whether one of the first `count` entries is that file. */
static bool lists(const struct trace_list *list, unsigned count, const struct stat *s)
{
    for (unsigned i = 0; i < count; i++) {
        if (list->files[i].inode == s->st_ino && list->files[i].device == s->st_dev)
            return true;
    }
    return false;
}

bool trace_list_add(struct trace_list *list, const char *path)
{
    struct stat s = {0};

    (void)stat(path, &s); /* what is not there is refused when it is opened, with its reason */
    return add(list, path, &s);
}

static int compare_names(const void *a, const void *b)
{
    const struct trace_file *x = a, *y = b;

    return strcmp(x->name, y->name);
}

static void sort_from(struct trace_list *list, unsigned first)
{
    if (list->count > first)
        qsort(list->files + first, list->count - first, sizeof *list->files, compare_names);
}

/* Adds those entries of a directory that are traces, begin with `prefix`, and, if only new ones are asked for, were not
 * in the list before. */
static bool add_entries(struct trace_list *list, const char *directory, const char *prefix, bool new_only)
{
    unsigned first = list->count;
    DIR *d = opendir(directory);
    char path[PATH_MAX];
    struct dirent *entry;
    struct stat s;
    bool done = true;

    if (!d)
        return false;
    while (done && (entry = readdir(d)) != NULL) {
        if (strncmp(entry->d_name, prefix, strlen(prefix)) != 0 || entry->d_name[0] == '.')
            continue;
        if (strcmp(directory, ".") == 0)
            snprintf(path, sizeof path, "%s", entry->d_name);
        else if (snprintf(path, sizeof path, "%s/%s", directory, entry->d_name) >= (int)sizeof path)
            continue;
        if (is_trace(path, &s) && !(new_only && lists(list, first, &s)))
            done = add(list, path, &s);
    }
    closedir(d);
    sort_from(list, first);
    return done;
}

bool trace_list_add_directory(struct trace_list *list, const char *directory)
{
    return add_entries(list, directory, "", false);
}

bool trace_list_add_stored(struct trace_list *list)
{
    return add_entries(list, PLACEMENT_DIRECTORY, PLACEMENT_PREFIX, true) || errno == ENOENT;
}

/* out= as a shell pattern: place holders match anything, and so do the .N and .PID that may follow. */
static bool glob_pattern(const char *pattern, char *text, size_t size)
{
    size_t length = 0;

    for (; *pattern; pattern++) {
        if (length + 4 > size)
            return false;
        if (*pattern == '%' && pattern[1] != '\0' && *++pattern != '%') {
            text[length++] = '*';
            continue;
        }
        if (strchr("*?[]\\", *pattern))
            text[length++] = '\\';
        text[length++] = *pattern;
    }
    memcpy(text + length, "*", 2);
    return true;
}

bool trace_list_add_pattern(struct trace_list *list, const char *pattern)
{
    char text[2 * OPTIONS_TEXT + 4];
    glob_t found = {0};
    bool done = true;
    struct stat s;
    int result;

    if (!glob_pattern(pattern, text, sizeof text)) {
        errno = ENAMETOOLONG;
        return false;
    }
    result = glob(text, 0, NULL, &found);
    if (result == GLOB_NOMATCH)
        return true;
    if (result != 0) {
        errno = result == GLOB_NOSPACE ? ENOMEM : EIO;
        return false;
    }
    for (size_t i = 0; done && i < found.gl_pathc; i++) {
        if (is_trace(found.gl_pathv[i], &s))
            done = add(list, found.gl_pathv[i], &s);
    }
    globfree(&found);
    return done;
}

void trace_list_release(struct trace_list *list)
{
    for (unsigned i = 0; i < list->count; i++)
        free(list->files[i].name);
    free(list->files);
    *list = (struct trace_list){0};
}
