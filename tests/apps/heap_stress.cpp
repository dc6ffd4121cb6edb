// Stress for an allocator: threads that live long and threads that do not, blocks of all kinds and sizes freed by
// whoever gets hold of them, chains of realloc, and forks in the middle. Every block carries a mark that is checked
// before it goes.
//
//     heap_stress SECONDS [FIGURES]
//
// Says nothing but what went wrong, so that a recorded run compares with a bare one. FIGURES: a file that gets a line
// each tenth of the time: seconds, anonymous and shared memory in KiB, operations.
#include <atomic>
#include <cinttypes>
#include <cstdint>
#include <cstdio>
#include <cstdlib>
#include <cstring>
#include <ctime>
#include <malloc.h>
#include <new>
#include <pthread.h>
#include <sys/wait.h>
#include <unistd.h>

namespace
{
constexpr unsigned WORKERS = 4, SHELVES = 512, KINDS = 12;
constexpr size_t EDGE = 24; // bytes at either end that carry the mark

std::atomic<bool> over;
std::atomic<unsigned long> errors, operations;

struct alignas(128) wide {
    char bytes[256];
};

struct block {
    unsigned char *at;
    size_t size;
    unsigned kind;
    unsigned char mark;
};

// Where threads leave blocks for each other.
std::atomic<block *> shelves[SHELVES];

struct random_source {
    uint64_t state;
    uint32_t operator()(uint32_t below)
    {
        state = state * 6364136223846793005u + 1442695040888963407u;
        return static_cast<uint32_t>((state >> 33) % below);
    }
};

void wrong(const char *what)
{
    if (errors++ < 10)
        printf("wrong: %s\n", what);
}

void *made(unsigned kind, size_t size)
{
    void *p = nullptr;
    switch (kind) {
    case 0:
        return malloc(size);
    case 1:
        return calloc(size / 8 + 1, 8);
    case 2:
        return realloc(nullptr, size);
    case 3:
        return posix_memalign(&p, 256, size) == 0 ? p : nullptr;
    case 4:
        return aligned_alloc(64, (size + 63) & ~size_t(63));
    case 5:
        return memalign(4096, size);
    case 6:
        return operator new(size);
    case 7:
        return operator new[](size);
    case 8:
        return operator new(size, std::nothrow);
    case 9:
        return operator new(size, std::align_val_t(128));
    case 10:
        return operator new[](size, std::align_val_t(64), std::nothrow);
    default:
        return reallocarray(nullptr, size / 4 + 1, 4);
    }
}

void ended(unsigned kind, void *p, size_t size)
{
    switch (kind) {
    case 6:
        return operator delete(p, size);
    case 7:
        return operator delete[](p);
    case 8:
        return operator delete(p, std::nothrow);
    case 9:
        return operator delete(p, size, std::align_val_t(128));
    case 10:
        return operator delete[](p, std::align_val_t(64));
    default:
        return free(p);
    }
}

bool of_malloc(unsigned kind)
{
    return kind <= 5 || kind == 11;
}

void write_mark(const block &b)
{
    size_t edge = b.size < EDGE ? b.size : EDGE;
    memset(b.at, b.mark, edge);
    memset(b.at + b.size - edge, b.mark, edge);
}

void check_edge(const unsigned char *p, size_t n, unsigned char mark, const char *what)
{
    for (size_t i = 0; i < n; i++)
        if (p[i] != mark)
            return wrong(what);
}

void check_mark(const block &b)
{
    size_t edge = b.size < EDGE ? b.size : EDGE;
    check_edge(b.at, edge, b.mark, "the first bytes of a block changed");
    check_edge(b.at + b.size - edge, edge, b.mark, "the last bytes of a block changed");
}

// Mostly small, now and then large, rarely huge.
size_t some_size(random_source &random)
{
    uint32_t kind = random(1000);
    if (kind < 900)
        return 1 + random(600);
    if (kind < 990)
        return 1 + random(60000);
    return kind < 999 ? 1 + random(1u << 20) : 1 + random(24u << 20);
}

block *fresh(random_source &random)
{
    auto *b = new block{nullptr, some_size(random), random(KINDS), static_cast<unsigned char>(1 + random(255))};
    b->at = static_cast<unsigned char *>(made(b->kind, b->size));
    if (!b->at) {
        wrong("no memory");
        delete b;
        return nullptr;
    }
    if (b->kind == 1)
        check_edge(b->at, b->size < 512 ? b->size : 512, 0, "calloc's memory is not zero");
    if (b->kind >= 3 && b->kind <= 5 && reinterpret_cast<uintptr_t>(b->at) % 64)
        wrong("bad alignment");
    if (of_malloc(b->kind) && malloc_usable_size(b->at) < b->size)
        wrong("a block is too small");
    write_mark(*b);
    return b;
}

void end(block *b)
{
    if (!b)
        return;
    check_mark(*b);
    ended(b->kind, b->at, b->size);
    delete b;
}

// A block that grows and shrinks by steps keeps what is in front.
void resize(block *b, random_source &random)
{
    if (!b || !of_malloc(b->kind))
        return;
    for (unsigned steps = 1 + random(6); steps; steps--) {
        size_t size = random(2) ? b->size * 2 + 1 : b->size / 2 + 1, kept = size < b->size ? size : b->size;
        if (size > 4u << 20)
            size = kept = 100;
        void *p = random(2) ? realloc(b->at, size) : reallocarray(b->at, size, 1);
        if (!p)
            return wrong("realloc failed");
        b->at = static_cast<unsigned char *>(p);
        check_edge(b->at, kept < EDGE ? kept : EDGE, b->mark, "realloc lost what was in the block");
        b->size = size;
        write_mark(*b);
    }
}

void step(random_source &random)
{
    block *b = fresh(random);
    if (random(4) == 0)
        resize(b, random);
    end(shelves[random(SHELVES)].exchange(b));
    operations.fetch_add(1, std::memory_order_relaxed);
}

void *short_lived(void *seed)
{
    random_source random{reinterpret_cast<uintptr_t>(seed)};
    for (int i = 0; i < 50; i++)
        step(random);
    return nullptr;
}

void *worker(void *seed)
{
    random_source random{reinterpret_cast<uintptr_t>(seed)};
    while (!over.load(std::memory_order_relaxed))
        step(random);
    return nullptr;
}

void *churner(void *)
{
    for (uintptr_t i = 1; !over; i++) {
        pthread_t ids[3];
        for (pthread_t &id : ids)
            if (pthread_create(&id, nullptr, short_lived, reinterpret_cast<void *>(i * 977)))
                abort();
        for (pthread_t id : ids)
            pthread_join(id, nullptr);
        usleep(2000);
    }
    return nullptr;
}

// The child goes on with the heap as it is: frees what others made, and makes its own.
[[noreturn]] void child()
{
    random_source random{static_cast<uint64_t>(getpid())};
    errors = 0;
    for (int i = 0; i < 300; i++)
        step(random);
    fflush(stdout);
    _exit(errors ? 1 : 0);
}

void fork_once()
{
    fflush(stdout);
    pid_t pid = fork();
    int status = 0;
    if (pid == 0)
        child();
    if (pid < 0 || waitpid(pid, &status, 0) != pid || status != 0)
        wrong("a child failed");
}

long memory_kib(const char *name)
{
    char line[256];
    long found = 0;
    FILE *f = fopen("/proc/self/status", "r");
    while (f && fgets(line, sizeof line, f))
        if (!strncmp(line, name, strlen(name)))
            found = atol(line + strlen(name));
    if (f)
        fclose(f);
    return found;
}

double now()
{
    timespec t;
    clock_gettime(CLOCK_MONOTONIC, &t);
    return static_cast<double>(t.tv_sec) + static_cast<double>(t.tv_nsec) / 1e9;
}

// Forks ten times a second at most, and notes the figures.
void supervise(double seconds, FILE *figures)
{
    double begin = now();
    for (int tenth = 1; tenth <= 10;) {
        usleep(100000);
        fork_once();
        double passed = now() - begin;
        if (passed < seconds * tenth / 10)
            continue;
        if (figures)
            fprintf(figures, "%.1f %ld %ld %lu\n", passed, memory_kib("RssAnon:"), memory_kib("RssShmem:"),
                    operations.load());
        tenth++;
    }
}
} // namespace

int main(int argc, char **argv)
{
    if (argc < 2)
        return 2;
    FILE *figures = argc > 2 ? fopen(argv[2], "w") : nullptr;
    pthread_t ids[WORKERS + 1];
    for (uintptr_t i = 0; i <= WORKERS; i++)
        if (pthread_create(&ids[i], nullptr, i < WORKERS ? worker : churner, reinterpret_cast<void *>(i + 1)))
            return 2;
    supervise(atof(argv[1]), figures);
    over = true;
    for (pthread_t id : ids)
        pthread_join(id, nullptr);
    for (auto &shelf : shelves)
        end(shelf.exchange(nullptr));
    if (figures)
        fclose(figures);
    printf("%lu errors\n", errors.load());
    return errors ? 1 : 0;
}
