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

bool trace_list_is_trace(const char *path)
{
    char magic[sizeof KIWI_TRACE_MAGIC];
    struct stat s;
    bool is_trace;
    int fd;

    if (stat(path, &s) != 0 || !S_ISREG(s.st_mode))
        return false;
    fd = open(path, O_RDONLY | O_NONBLOCK | O_CLOEXEC);
    if (fd < 0)
        return false;
    is_trace = read(fd, magic, sizeof magic) == (ssize_t)sizeof magic &&
               memcmp(magic, KIWI_TRACE_MAGIC, sizeof magic) == 0;
    close(fd);
    return is_trace;
}

static bool same_file(const char *a, const char *b)
{
    struct stat x, y;

    return stat(a, &x) == 0 && stat(b, &y) == 0 && x.st_dev == y.st_dev && x.st_ino == y.st_ino;
}

static bool lists(const struct trace_list *list, const char *path)
{
    for (unsigned i = 0; i < list->count; i++) {
        if (same_file(list->names[i], path))
            return true;
    }
    return false;
}

bool trace_list_add(struct trace_list *list, const char *path)
{
    char *copy = strdup(path);

    if (copy && list->count == list->capacity) {
        unsigned capacity = list->capacity ? 2 * list->capacity : 16;
        char **names = reallocarray(list->names, capacity, sizeof *names);

        if (!names) {
            free(copy);
            return false;
        }
        list->names = names;
        list->capacity = capacity;
    }
    if (!copy)
        return false;
    list->names[list->count++] = copy;
    return true;
}

static int compare_names(const void *a, const void *b)
{
    return strcmp(*(char *const *)a, *(char *const *)b);
}

static void sort_from(struct trace_list *list, unsigned first)
{
    if (list->count > first)
        qsort(list->names + first, list->count - first, sizeof *list->names, compare_names);
}

/* Adds those entries of a directory that are traces, begin with `prefix`, and are `new` to the list if that is
 * asked. */
static bool add_entries(struct trace_list *list, const char *directory, const char *prefix, bool new_only)
{
    unsigned first = list->count;
    DIR *d = opendir(directory);
    char path[PATH_MAX];
    struct dirent *entry;
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
        if (trace_list_is_trace(path) && !(new_only && lists(list, path)))
            done = trace_list_add(list, path);
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
        if (trace_list_is_trace(found.gl_pathv[i]))
            done = trace_list_add(list, found.gl_pathv[i]);
    }
    globfree(&found);
    return done;
}

void trace_list_release(struct trace_list *list)
{
    for (unsigned i = 0; i < list->count; i++)
        free(list->names[i]);
    free(list->names);
    *list = (struct trace_list){0};
}
