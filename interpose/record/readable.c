#include "readable.h"

#include "../base/sys.h"

#include <fcntl.h>
#include <string.h>
#include <time.h>

#define PAGE 4096u
#define ENTRIES (PAGE / 8) /* of the page map, read at a time */
#define LINE_MAX_BYTES 4608u

/* Bits of an entry of /proc/self/pagemap. */
#define ENTRY_HERE (UINT64_C(1) << 63)
#define ENTRY_SWAPPED (UINT64_C(1) << 62)
#define ENTRY_FILE (UINT64_C(1) << 61) /* of a file, or shared */

struct walk {
    const struct readable *r;
    int pages, memory; /* descriptors */
    enum readable_end end;
};

struct mapping {
    uintptr_t start, end;
    bool shared, code;
};

/* What a pointer can be kept in. */

static uintptr_t hex(const char **at, const char *end)
{
    uintptr_t n = 0;
    for (; *at < end; (*at)++) {
        char c = **at;
        if (c >= '0' && c <= '9')
            n = n * 16 + (uintptr_t)(c - '0');
        else if (c >= 'a' && c <= 'f')
            n = n * 16 + (uintptr_t)(c - 'a') + 10;
        else
            break;
    }
    return n;
}

static bool begins(const char *at, const char *end, const char *with)
{
    size_t n = strlen(with);
    return (size_t)(end - at) >= n && memcmp(at, with, n) == 0;
}

/* Reading a device may do something. */
static bool is_device(const char *path, const char *end)
{
    return begins(path, end, "/dev/") && !begins(path, end, "/dev/shm/") && !begins(path, end, "/dev/zero");
}

/* "55d0a000-55d0b000 rw-p 00000000 00:00 0    [heap]"; false: nothing to read. */
static bool parse(const char *at, const char *end, struct mapping *m)
{
    m->start = hex(&at, end);
    if (at == end || *at++ != '-')
        return false;
    m->end = hex(&at, end);
    if (end - at < 6 || at[1] != 'r')
        return false;
    m->code = at[3] == 'x';
    m->shared = at[4] == 's';
    at += 6;
    for (int field = 0; field < 3; field++) { /* offset, device, inode */
        while (at < end && *at != ' ')
            at++;
        while (at < end && *at == ' ')
            at++;
    }
    return m->end > m->start && !is_device(at, end) && !begins(at, end, "[v"); /* [vvar], [vdso], [vsyscall] */
}

static bool is_wanted(const struct mapping *m, uint64_t entry)
{
    if (m->shared)
        return entry & ENTRY_HERE;
    return (entry & (ENTRY_HERE | ENTRY_SWAPPED)) && !(entry & ENTRY_FILE);
}

/* Reading. */

static bool is_left_out(const struct readable *r, uintptr_t page)
{
    for (uint32_t i = 0; i < READABLE_LEFT_OUT; i++)
        if (page >= r->left_out[i].start && page + PAGE <= r->left_out[i].end)
            return true;
    return false;
}

static void blank(const struct readable *r, uintptr_t at, size_t size)
{
    for (uint32_t i = 0; i < READABLE_LEFT_OUT; i++) {
        uintptr_t from = r->left_out[i].start > at ? r->left_out[i].start : at;
        uintptr_t to = r->left_out[i].end < at + size ? r->left_out[i].end : at + size;
        if (from < to)
            memset(r->buffer + (from - at), 0, to - from);
    }
}

static void read_run(const struct walk *w, uintptr_t at, uintptr_t end, bool code)
{
    while (at < end) {
        size_t want = end - at < READABLE_BUFFER ? end - at : READABLE_BUFFER;
        long got = sys_call6(SYS_pread64, w->memory, (long)w->r->buffer, (long)want, (long)at, 0, 0);
        size_t whole = sys_failed(got) ? 0 : (size_t)got & ~(size_t)(PAGE - 1);
        if (whole) {
            blank(w->r, at, whole);
            w->r->take(w->r->arg, at, w->r->buffer, whole, code);
        }
        at += whole ? whole : PAGE; /* a page that cannot be read is gone, or never could be */
    }
}

static bool in_time(struct walk *w)
{
    if (sys_clock_ns(CLOCK_THREAD_CPUTIME_ID) > w->r->until_ns)
        w->end = READABLE_LATE;
    return w->end == READABLE_ALL;
}

/* `count` pages from `at`, of which these are the entries: neighbours are read together. */
static void read_pages(const struct walk *w, const struct mapping *m, uintptr_t at, const uint64_t *entries,
                       uint32_t count)
{
    uintptr_t run = 0;
    for (uint32_t i = 0; i < count; i++, at += PAGE) {
        bool wanted = is_wanted(m, entries[i]) && !is_left_out(w->r, at);
        if (wanted && !run)
            run = at;
        if (run && (!wanted || at - run >= READABLE_BUFFER)) {
            read_run(w, run, at, m->code);
            run = wanted ? at : 0;
        }
    }
    if (run)
        read_run(w, run, at, m->code);
}

static void read_mapping(struct walk *w, const struct mapping *m)
{
    uint64_t entries[ENTRIES];
    for (uintptr_t at = m->start; at < m->end && in_time(w);) {
        uint32_t count = m->end - at < (uintptr_t)ENTRIES * PAGE ? (uint32_t)((m->end - at) / PAGE) : ENTRIES;
        long got = sys_call6(SYS_pread64, w->pages, (long)entries, (long)count * 8, (long)(at / PAGE * 8), 0, 0);
        if (sys_failed(got) || got < 8) {
            w->end = READABLE_REFUSED;
            return;
        }
        read_pages(w, m, at, entries, (uint32_t)got / 8);
        at += (uintptr_t)got / 8 * PAGE;
    }
}

/* The list of mappings is read in pieces, which end anywhere. */
static void walk_mappings(struct walk *w, int maps)
{
    char text[LINE_MAX_BYTES];
    size_t used = 0;
    while (w->end == READABLE_ALL) {
        long got = sys_read(maps, text + used, sizeof text - used);
        if (sys_failed(got))
            w->end = READABLE_REFUSED;
        if (got <= 0)
            return;
        used += (size_t)got;
        char *line = text, *newline;
        while (w->end == READABLE_ALL && (newline = memchr(line, '\n', used - (size_t)(line - text)))) {
            struct mapping m;
            if (parse(line, newline, &m))
                read_mapping(w, &m);
            line = newline + 1;
        }
        used -= (size_t)(line - text);
        if (used == sizeof text)
            w->end = READABLE_REFUSED; /* no line is so long */
        memmove(text, line, used);
    }
}

enum readable_end readable_each(const struct readable *r)
{
    struct walk w = {.r = r, .end = READABLE_REFUSED};
    int flags = O_RDONLY | O_CLOEXEC | O_NOCTTY;
    long maps = sys_openat("/proc/self/maps", flags, 0);
    long pages = sys_openat("/proc/self/pagemap", flags, 0);
    long memory = sys_openat("/proc/self/mem", flags, 0);
    if (!sys_failed(maps) && !sys_failed(pages) && !sys_failed(memory)) {
        w = (struct walk){.r = r, .pages = (int)pages, .memory = (int)memory, .end = READABLE_ALL};
        walk_mappings(&w, (int)maps);
    }
    const long opened[] = {maps, pages, memory};
    for (size_t i = 0; i < sizeof opened / sizeof *opened; i++)
        if (!sys_failed(opened[i]))
            sys_close((int)opened[i]);
    return w.end;
}
