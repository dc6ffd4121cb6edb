#include "kernel_values.h"

#include "../base/sys.h"

#include <fcntl.h>
#include <string.h>

#define FLAGS (O_RDONLY | O_CLOEXEC | O_NOCTTY)

/* The words of "tfd: 5 events: 19 data: 7f30e0 pos:0 ...", and of "signal: 60/00007f30e0", as they come, in pieces of
 * any length. */
struct words {
    char word[40];
    uint32_t length;
    bool data, signal; /* the word before was "data:", or "signal:" */
    void (*take)(void *arg, uint64_t value);
    void *arg;
};

static uint64_t hex(const char *word, uint32_t length)
{
    uint64_t n = 0;
    for (uint32_t i = 0; i < length; i++)
        n = n << 4 | (uint64_t)(word[i] <= '9' ? word[i] - '0' : word[i] - 'a' + 10);
    return n;
}

static void take_signal(struct words *w)
{
    const char *slash = memchr(w->word, '/', w->length);
    if (slash)
        w->take(w->arg, hex(slash + 1, w->length - (uint32_t)(slash + 1 - w->word)));
}

static void word_ends(struct words *w)
{
    if (!w->length)
        return;
    if (w->data)
        w->take(w->arg, hex(w->word, w->length));
    if (w->signal)
        take_signal(w);
    w->signal = w->length == 7 && memcmp(w->word, "signal:", 7) == 0;
    w->data = w->length == 5 && memcmp(w->word, "data:", 5) == 0;
    w->length = 0;
}

static void read_words(struct words *w, int fd)
{
    char text[2048];
    long got;
    while ((got = sys_read(fd, text, sizeof text)) > 0)
        for (long i = 0; i < got; i++) {
            if (text[i] == ' ' || text[i] == '\t' || text[i] == '\n')
                word_ends(w);
            else if (w->length < sizeof w->word)
                w->word[w->length++] = text[i];
        }
    word_ends(w);
}

static void read_descriptor(long folder, const char *name, struct words *w)
{
    long fd = sys_call6(SYS_openat, folder, (long)name, FLAGS, 0, 0, 0);
    if (sys_failed(fd))
        return;
    w->length = 0;
    w->data = w->signal = false;
    read_words(w, (int)fd);
    sys_close((int)fd);
}

struct entry { /* of a folder, as the kernel gives it */
    uint64_t inode, offset;
    uint16_t size;
    uint8_t type;
    char name[];
};

bool kernel_values_each(void (*take)(void *arg, uint64_t value), void *arg)
{
    char entries[2048] __attribute__((aligned(8)));
    struct words w = {.take = take, .arg = arg};
    uint32_t count = 0;
    long got = -1, folder = sys_openat("/proc/self/fdinfo", FLAGS | O_DIRECTORY, 0);
    if (sys_failed(folder))
        return false;
    while (count < KERNEL_VALUES_DESCRIPTORS &&
           (got = sys_call3(SYS_getdents64, folder, (long)entries, sizeof entries)) > 0)
        for (long at = 0; at < got; count++) {
            const struct entry *e = (const void *)(entries + at);
            if (e->name[0] != '.')
                read_descriptor(folder, e->name, &w);
            at += e->size;
        }
    sys_close((int)folder);
    read_descriptor(AT_FDCWD, "/proc/self/timers", &w);
    return got == 0;
}
