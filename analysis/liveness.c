#define _GNU_SOURCE
#include "liveness.h"

#include <errno.h>
#include <limits.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <time.h>
#include <unistd.h>

#define SLACK_NS 2000000000ull /* /proc counts in 10 ms steps, and CLOCK_REALTIME may have been slewed */

enum answer { NO, YES, UNKNOWN };

/* Fields after the command name in /proc/PID/stat; the name may hold spaces and brackets, so count from its last
 * ')'. */
static bool read_stat(uint32_t pid, char *state, unsigned long long *start_time)
{
    char path[64], line[1024];

    snprintf(path, sizeof path, "/proc/%u/stat", pid);
    FILE *file = fopen(path, "re");
    if (!file)
        return false;
    size_t length = fread(line, 1, sizeof line - 1, file);
    fclose(file); /* read only: nothing to lose */
    line[length] = '\0';

    const char *after = strrchr(line, ')');
    return after &&
           sscanf(after + 1, " %c %*d %*d %*d %*d %*d %*u %*u %*u %*u %*u %*u %*u %*d %*d %*d %*d %*d %*d %llu", state,
                  start_time) == 2;
}

static enum answer maps_inode(uint32_t pid, uint64_t inode)
{
    char path[64];
    char *line = NULL;
    size_t size = 0;
    enum answer found = NO;
    bool any = false;

    snprintf(path, sizeof path, "/proc/%u/maps", pid);
    FILE *file = fopen(path, "re");
    if (!file)
        return UNKNOWN;
    while (found == NO && getline(&line, &size, file) > 0) {
        unsigned long long mapped;
        any = true;
        /* The device is not compared: overlay and btrfs show another one in maps than in stat. */
        if (sscanf(line, "%*s %*s %*s %*s %llu", &mapped) == 1 && mapped == inode)
            found = YES;
    }
    free(line);
    fclose(file);
    return any ? found : UNKNOWN; /* empty maps: a zombie or a process that is not ours to look at */
}

static enum answer same_executable(uint32_t pid, const char *executable)
{
    char path[64], target[PATH_MAX];

    snprintf(path, sizeof path, "/proc/%u/exe", pid);
    ssize_t length = readlink(path, target, sizeof target - 1);
    if (length < 0 || !executable[0])
        return UNKNOWN;
    target[length] = '\0';
    return strcmp(target, executable) == 0 ? YES : NO;
}

static uint64_t clock_ns(clockid_t clock)
{
    struct timespec now;

    if (clock_gettime(clock, &now) != 0)
        return 0;
    return (uint64_t)now.tv_sec * 1000000000ull + (uint64_t)now.tv_nsec;
}

static bool began_before(unsigned long long start_time, uint64_t started_ns)
{
    long hertz = sysconf(_SC_CLK_TCK);
    if (hertz <= 0)
        return true;
    uint64_t after_boot = (uint64_t)(start_time / (unsigned long)hertz) * 1000000000ull;
    uint64_t boot = clock_ns(CLOCK_REALTIME) - clock_ns(CLOCK_BOOTTIME);
    return boot + after_boot <= started_ns + SLACK_NS;
}

bool liveness_check(uint32_t pid, uint64_t inode, const char *executable, uint64_t started_ns)
{
    char state;
    unsigned long long start_time;

    if (!pid || pid > INT_MAX || !read_stat(pid, &state, &start_time) || state == 'Z' || state == 'X')
        return false;
    enum answer mapped = inode ? maps_inode(pid, inode) : UNKNOWN;
    if (mapped != UNKNOWN)
        return mapped == YES;
    return same_executable(pid, executable) != NO && began_before(start_time, started_ns);
}

bool liveness_stopped(uint32_t pid)
{
    char state = 0;
    unsigned long long start_time;

    return read_stat(pid, &state, &start_time) && (state == 'T' || state == 't');
}
