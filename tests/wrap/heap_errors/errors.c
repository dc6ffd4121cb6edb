/*
 * How malloc fails, with and without the recorder: errors.c PART [PLUGIN].
 *
 *     calls      each call with what it must refuse, and with nothing to do
 *     limits     a process that has used up its address space or its data segment, and goes on
 *     errno      what free leaves alone, however many blocks it is given
 *     contents   blocks that glibc fills (M_PERTURB or its tunable), and calloc's, which it must not
 *     room       what was freed can be had again, where the address space is all used
 *     most       nearly all that the limits of the process leave, in one block
 *     apart      a plugin in a name space of its own, with a malloc of its own
 */
#include "../transcript.h"

#include <dlfcn.h>
#include <malloc.h>
#include <sys/resource.h>

static volatile size_t nothing = 0, huge = PTRDIFF_MAX, most = SIZE_MAX;

static void *volatile kept;

static void *made(const char *what, void *p)
{
    int error = errno;
    say("%s: %s, %s", what, p ? "a block" : "NULL", error_name(error));
    errno = 0;
    return p;
}

/* Sizes on both sides of every limit. */
static void sizes(void)
{
    size_t asked[] = {nothing, huge - 4096, huge - 1, huge, huge + 1, most - 4096, most - 1, most};
    for (size_t i = 0; i < sizeof asked / sizeof *asked; i++) {
        size_t n = asked[i];
        say("%zu bytes", n);
        free(made("malloc", malloc(n)));
        free(made("calloc(n, 1)", calloc(n, 1)));
        free(made("calloc(1, n)", calloc(1, n)));
        free(made("calloc(n, 2)", calloc(n, 2)));
        free(made("realloc(NULL, n)", realloc(NULL, n)));
        free(made("reallocarray(NULL, n, 1)", reallocarray(NULL, n, 1)));
        free(made("reallocarray(NULL, 3, n)", reallocarray(NULL, 3, n)));
        free(made("memalign(64, n)", memalign(64, n)));
        free(made("aligned_alloc(64, n)", aligned_alloc(64, n)));
        free(made("valloc", valloc(n)));
        free(made("pvalloc", pvalloc(n)));
        void *p = &p;
        outcome("posix_memalign(64, n)", posix_memalign(&p, 64, n));
        say("errno %s, %s", error_name(errno), p == &p ? "untouched" : p ? "a block" : "NULL");
        free(p == &p ? NULL : p);
    }
}

static void alignments(void)
{
    size_t asked[] = {0, 1, 2, 3, 4, 7, 8, 12, 16, 24, 48, 4096, 4097, (most >> 1) + 1, (most >> 1) + 2, most};
    for (size_t i = 0; i < sizeof asked / sizeof *asked; i++) {
        size_t a = asked[i];
        say("aligned to %zu", a);
        free(made("memalign", memalign(a, 10)));
        free(made("aligned_alloc", aligned_alloc(a, 10)));
        void *p = &p;
        outcome("posix_memalign", posix_memalign(&p, a, 10));
        say("errno %s, %s", error_name(errno), p == &p ? "untouched" : p ? "a block" : "NULL");
        free(p == &p ? NULL : p);
    }
}

/* What could not be resized is there still; what is resized to nothing is not. */
static void resizes(void)
{
    size_t before[] = {1, 24, 1000, 5000, 40000, 200000, 40u << 20};
    for (size_t i = 0; i < sizeof before / sizeof *before; i++) {
        size_t n = before[i];
        unsigned char *volatile p = malloc(n); /* volatile: the compiler takes it for gone after a realloc */
        memset(p, 0x77, n);
        say("a block of %zu", n);
        made("realloc(p, SIZE_MAX)", realloc(p, most));
        made("realloc(p, PTRDIFF_MAX)", realloc(p, huge));
        made("reallocarray(p, SIZE_MAX / 2, 3)", reallocarray(p, most / 2, 3));
        say("there still: %x %x, room %d", p[0], p[n - 1], malloc_usable_size(p) >= n);
        made("realloc(p, 0)", realloc(p, nothing));
        p = malloc(n);
        made("reallocarray(p, 0, 5)", reallocarray(p, nothing, 5));
        p = malloc(n);
        made("reallocarray(p, 5, 0)", reallocarray(p, 5, nothing));
    }
    void *none[] = {malloc(nothing), malloc(nothing), calloc(nothing, nothing), realloc(NULL, nothing)};
    say("blocks of nothing: %d", none[0] && none[1] && none[2] && none[3] && none[0] != none[1] && none[2] != none[3]);
    for (int i = 0; i < 4; i++)
        free(none[i]);
    say("usable: %zu, %d", malloc_usable_size(NULL), malloc_usable_size(malloc(nothing)) >= 1);
}

static void calls(void)
{
    sizes();
    alignments();
    resizes();
}

/* Blocks of this size until there are no more. */
static void use_up(size_t size)
{
    void *last = NULL, *p;
    unsigned long count = 0;
    while ((p = malloc(size)) && count < 1u << 20) {
        *(void **)p = last;
        last = p;
        count++;
    }
    say("blocks of %zu ran out: %d, %s", size, count < 1u << 20 && count > 10, error_name(errno));
    errno = 0;
    made("calloc", calloc(size, 100));
    made("realloc", last ? realloc(last, size * 100) : NULL);
    made("memalign", memalign(4096, size * 100));
    void *q = NULL;
    outcome("posix_memalign", posix_memalign(&q, 4096, size * 100));
    errno = ENOTTY;
    for (; last; last = p) {
        p = *(void **)last;
        free(last);
    }
    say("given back: %s", error_name(errno));
    made("then malloc", q = malloc(size));
    free(q);
}

static size_t used(const char *name)
{
    char line[256];
    size_t kib = 0;
    FILE *f = fopen("/proc/self/status", "r");
    while (f && fgets(line, sizeof line, f))
        if (!strncmp(line, name, strlen(name)))
            kib = strtoul(line + strlen(name), NULL, 10);
    if (f)
        fclose(f);
    return kib * 1024;
}

static void limit(int resource, const char *name)
{
    struct rlimit before, now;
    getrlimit(resource, &before);
    now = before;
    now.rlim_cur = used(name) + (48u << 20);
    returned("setrlimit", setrlimit(resource, &now));
    use_up(900);
    use_up(70000);
    use_up(3u << 20);
    setrlimit(resource, &before);
}

static void limits(void)
{
    limit(RLIMIT_AS, "VmSize:");
    limit(RLIMIT_DATA, "VmData:");
    void *p = malloc(100u << 20);
    made("without a limit", p);
    free(p);
}

#define BLOCKS 40000
static void errno_stays(void)
{
    static void *blocks[BLOCKS];
    for (int round = 0; round < 3; round++) {
        for (size_t i = 0; i < BLOCKS; i++)
            blocks[i] = i % 3 ? malloc(i % 700) : memalign(128, i % 3000);
        for (size_t i = 0; i < BLOCKS; i += 400)
            blocks[i] = realloc(blocks[i], 300000 + i);
        errno = ENOTTY;
        for (size_t i = 0; i < BLOCKS; i++)
            free(blocks[(i * 7919) % BLOCKS]);
        say("round %d: %s", round, error_name(errno));
    }
}

static int all(const unsigned char *p, size_t n)
{
    for (size_t i = 1; i < n; i++)
        if (p[i] != p[0])
            return -1;
    return p[0];
}

static void contents(void)
{
    if (!getenv("GLIBC_TUNABLES"))
        returned("mallopt", mallopt(M_PERTURB, 0x35));
    for (size_t n = 40; n < 1000000; n = n * 3 + 8) {
        for (int i = 0; i < 8 && n < 1100; i++)
            kept = malloc(n); /* what was freed before is kept in a list by size, and got as it is */
        for (int again = 0; again < 2; again++) {
            unsigned char *p = malloc(n), *q = calloc(n, 1);
            say("%zu bytes: malloc %d, calloc %d", n, n > 100000 ? 0 : all(p, n), all(q, n));
            memset(p, 9, n);
            memset(q, 9, n);
            p = realloc(p, n * 2);
            say("realloc kept %d", all(p, n));
            free(p);
            free(q);
        }
    }
}

enum { FEW = 1000, MANY = 8192, WAYS = 7, PART = 4000, WHOLE = 3000000 };

static void *got(int way, size_t size)
{
    void *p = NULL;
    switch (way) {
    case 0:
        return malloc(size);
    case 1:
        return calloc(size / 8, 8);
    case 2:
        return realloc(NULL, size);
    case 3:
        return reallocarray(NULL, size / 8, 8);
    case 4:
        return memalign(64, size);
    case 5:
        return aligned_alloc(64, size);
    default:
        return posix_memalign(&p, 64, size) ? NULL : p;
    }
}

static long address_space(void)
{
    FILE *f = fopen("/proc/self/statm", "r");
    long pages = 0;
    if (!f || fscanf(f, "%ld", &pages) != 1)
        abort();
    fclose(f);
    return pages * 4096;
}

/* Blocks of a size that the heap is extended for, until there is no more; all are freed, and the room is one again. */
static void room(void)
{
    static void *blocks[MANY];
    for (int i = 0; i < 2000; i++)
        free(malloc(5000));
    struct rlimit limit = {.rlim_cur = (rlim_t)address_space() + (8 << 20), .rlim_max = RLIM_INFINITY};
    outcome("setrlimit", setrlimit(RLIMIT_AS, &limit));
    for (int way = 0; way < WAYS; way++) {
        int count = 0;
        while (count < MANY && (blocks[count] = got(way, PART)))
            count++;
        say("way %d: %s", way, count > FEW && count < MANY ? "some blocks" : "too few or too many");
        while (count)
            free(blocks[--count]);
        void *large = got(way, WHOLE);
        say("a large one: %s", large ? "there" : "NULL");
        free(large);
    }
}

static void most_of_it(void)
{
    void *p = malloc(90u << 20);
    say("90 MiB: %s", p ? "there" : "NULL");
    free(p);
}

static void apart(const char *path)
{
    void *plugin = dlmopen(LM_ID_NEWLM, path, RTLD_NOW);
    if (!plugin) {
        say("%s", dlerror());
        return;
    }
    int (*work)(int) = (int (*)(int))(uintptr_t)dlsym(plugin, "work");
    for (int i = 0; i < 200; i++)
        free(malloc((size_t)i * 100));
    say("its work: %d", work(2000));
    returned("dlclose", dlclose(plugin));
    free(malloc(5000));
}

int main(int argc, char **argv)
{
    const char *part = argc > 1 ? argv[1] : "";
    if (!strcmp(part, "calls"))
        calls();
    else if (!strcmp(part, "limits"))
        limits();
    else if (!strcmp(part, "errno"))
        errno_stays();
    else if (!strcmp(part, "contents"))
        contents();
    else if (!strcmp(part, "room"))
        room();
    else if (!strcmp(part, "most"))
        most_of_it();
    else if (argc > 2)
        apart(argv[2]);
    else
        return 2;
    return 0;
}
