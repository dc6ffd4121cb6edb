#include "preload.h"

#include "message.h"

#include <errno.h>
#include <limits.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#define SEPARATORS " :" /* of LD_PRELOAD, which has no way to quote them */

static const char library_name[] = "libkiwi.so";

/* Directory of the running kiwi, without a slash at the end. */
static bool own_directory(char *directory, size_t size)
{
    ssize_t length = readlink("/proc/self/exe", directory, size - 1);
    char *slash;

    if (length < 0)
        return false;
    directory[length] = '\0';
    slash = strrchr(directory, '/');
    if (!slash)
        return false;
    *slash = '\0';
    return true;
}

static bool usable(const char *path)
{
    if (access(path, R_OK) != 0) {
        message_errno("cannot preload '%s'", path);
        return false;
    }
    if (strpbrk(path, SEPARATORS)) {
        message("cannot preload '%s': LD_PRELOAD has no way to name a path with a space or a colon", path);
        return false;
    }
    return true;
}

bool preload_find(char *path, size_t size)
{
    static const char *const places[] = {"", "/../lib", "/../lib/x86_64-linux-gnu", "/../lib64", "/../lib/kiwi"};
    const char *asked = getenv("KIWI_LIBRARY");
    char directory[PATH_MAX], candidate[PATH_MAX + 64], resolved[PATH_MAX];

    if (asked && *asked) {
        if (!realpath(asked, resolved)) {
            message_errno("cannot preload '%s' (KIWI_LIBRARY)", asked);
            return false;
        }
        snprintf(path, size, "%s", resolved);
        return usable(path);
    }
    if (!own_directory(directory, sizeof directory)) {
        message_errno("cannot find libkiwi.so: cannot read '/proc/self/exe'");
        return false;
    }
    for (size_t i = 0; i < sizeof places / sizeof places[0]; i++) {
        snprintf(candidate, sizeof candidate, "%s%s/%s", directory, places[i], library_name);
        if (realpath(candidate, resolved)) {
            snprintf(path, size, "%s", resolved);
            return usable(path);
        }
    }
    message("cannot find libkiwi.so beside '%s/kiwi' or in '%s/../lib'; set KIWI_LIBRARY to its path", directory,
            directory);
    return false;
}

static bool is_named(const char *entry, size_t length, const char *start)
{
    const char *name = entry;

    for (size_t i = 0; i < length; i++) {
        if (entry[i] == '/')
            name = entry + i + 1;
    }
    return (size_t)(entry + length - name) >= strlen(start) && strncmp(name, start, strlen(start)) == 0;
}

bool preload_is_sanitizer(const char *name, size_t length)
{
    static const char *const starts[] = {"libasan.", "libtsan.", "libhwasan.", "liblsan.", "libubsan.", "libclang_rt."};

    for (size_t i = 0; i < sizeof starts / sizeof starts[0]; i++) {
        if (is_named(name, length, starts[i]))
            return true;
    }
    return false;
}

static void append(char *list, const char *entry, size_t length)
{
    char *end = list + strlen(list);

    if (end > list)
        *end++ = ':';
    memcpy(end, entry, length);
    end[length] = '\0';
}

/* Appends those entries of a LD_PRELOAD list that are sanitizers, or those that are not; an older libkiwi.so is
 * left out. */
static void append_entries(char *list, const char *entries, bool sanitizers)
{
    for (;;) {
        size_t length;

        entries += strspn(entries, SEPARATORS);
        length = strcspn(entries, SEPARATORS);
        if (length == 0)
            return;
        if (preload_is_sanitizer(entries, length) == sanitizers && !is_named(entries, length, library_name))
            append(list, entries, length);
        entries += length;
    }
}

bool preload_set(const char *library, const char *sanitizer)
{
    const char *present = getenv("LD_PRELOAD");
    char *list = malloc(strlen(library) + strlen(sanitizer) + (present ? strlen(present) : 0) + 4);
    bool done;

    if (!list) {
        message_errno("cannot set LD_PRELOAD");
        return false;
    }
    list[0] = '\0';
    if (present)
        append_entries(list, present, true);
    if (*sanitizer && list[0] == '\0')
        append(list, sanitizer, strlen(sanitizer));
    append(list, library, strlen(library));
    if (present)
        append_entries(list, present, false);
    done = setenv("LD_PRELOAD", list, 1) == 0;
    if (!done)
        message_errno("cannot set LD_PRELOAD");
    free(list);
    return done;
}
