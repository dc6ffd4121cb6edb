/*
 * mutate.c - damages traces at random, but the same way each time, and has each analysed: the fuzz run of `make check`.
 *
 *     mutate [--seed N] [--iterations N] [--seconds N] [--only N] [--write DIRECTORY] [TRACE...]
 *
 * Begins with traces of its own making, or with the given files. Iteration i of seed s is always the same damage, so
 * that "--seed s --only i", which a failure prints, shows it again. --write stores the own traces for other fuzzers.
 * Built with the sanitizers; prints TAP.
 */
#include "../lib/trace_builder.h"

#include <sanitizer/common_interface_defs.h>
#include <signal.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <time.h>
#include <unistd.h>

#define MAX_SEEDS 128
#define ITERATION_SECONDS 30 /* one analysis that takes this long hangs */

int LLVMFuzzerTestOneInput(const uint8_t *bytes, size_t size);

struct input {
    uint8_t *bytes;
    size_t size;
};

struct run {
    struct input inputs[MAX_SEEDS];
    unsigned input_count;
    uint64_t seed, iterations, seconds, only;
    const char *directory;
};

/* Where a death callback and a signal handler find what they print. */
static volatile uint64_t current_seed, current_iteration;

static void tell_iteration(void)
{
    char text[128];
    int length = snprintf(text, sizeof text, "not ok 1 - rerun with --seed %llu --only %llu\n",
                          (unsigned long long)current_seed, (unsigned long long)current_iteration);

    if (write(STDOUT_FILENO, text, (size_t)length) < 0)
        _exit(2);
}

static void on_alarm(int signal)
{
    (void)signal;
    tell_iteration();
    _exit(1);
}

/* splitmix64 */
static uint64_t next_random(uint64_t *state)
{
    uint64_t z = *state += UINT64_C(0x9e3779b97f4a7c15);

    z = (z ^ (z >> 30)) * UINT64_C(0xbf58476d1ce4e5b9);
    z = (z ^ (z >> 27)) * UINT64_C(0x94d049bb133111eb);
    return z ^ (z >> 31);
}

static uint64_t below(uint64_t *state, uint64_t limit)
{
    return limit ? next_random(state) % limit : 0;
}

/* Most of a trace is the padding of its tables: looks for a place that holds something. */
static size_t interesting_place(const struct input *in, uint64_t *state, size_t width)
{
    size_t words = in->size / width, at = 0;

    for (unsigned tries = 0; tries < 64; tries++) {
        at = below(state, words) * width;
        if (tries % 8 == 7)
            at = below(state, sizeof(struct kiwi_header) / width) * width;
        for (size_t i = 0; i < width && at + width <= in->size; i++)
            if (in->bytes[at + i])
                return at;
    }
    return at;
}

static uint64_t interesting_value(uint64_t *state, uint64_t old)
{
    static const uint64_t values[] = {0,           1,
                                      2,           3,
                                      7,           63,
                                      64,          65,
                                      127,         255,
                                      256,         4095,
                                      4096,        32767,
                                      65535,       0x7fffffff,
                                      0x80000000,  0xffffffff,
                                      0x100000000, INT64_MAX,
                                      1ull << 63,  UINT64_MAX,
                                      8191,        8192,
                                      1u << 20,    UINT32_MAX - 1};

    switch (below(state, 4)) {
    case 0:
        return old + below(state, 5) - 2;
    case 1:
        return below(state, 40);
    default:
        return values[below(state, sizeof values / sizeof *values)];
    }
}

static void set_word(struct input *in, uint64_t *state)
{
    size_t width = (size_t)1 << below(state, 4), at = interesting_place(in, state, width);
    uint64_t value = 0;

    if (at + width > in->size)
        return;
    memcpy(&value, in->bytes + at, width);
    value = interesting_value(state, value);
    memcpy(in->bytes + at, &value, width);
}

static void flip_bit(struct input *in, uint64_t *state)
{
    size_t at = interesting_place(in, state, 1);

    if (at < in->size)
        in->bytes[at] ^= (uint8_t)(1u << below(state, 8));
}

/* One field of every row of a table: sums of it wrap, and may come back to 0. */
static void set_field(struct input *in, uint64_t *state)
{
    const struct kiwi_header *h = (const struct kiwi_header *)in->bytes;
    size_t width = below(state, 2) ? 8 : 4;
    struct kiwi_table table = {0};
    uint64_t value;

    if (in->size < sizeof *h)
        return;
    for (unsigned tries = 0; tries < 16 && table.used < 2; tries++)
        table = h->tables[below(state, KIWI_TABLE_LIMIT)];
    if (table.row_size < width || table.offset > in->size)
        return;
    size_t field = width * below(state, table.row_size / width);
    value = below(state, 2) ? 1ull << 63 : interesting_value(state, 0);
    for (uint64_t i = 1; i < table.used && table.row_size <= (in->size - table.offset) / (i + 1); i++)
        memcpy(in->bytes + table.offset + i * table.row_size + field, &value, width);
}

static void copy_stretch(struct input *in, uint64_t *state)
{
    size_t from = interesting_place(in, state, 8), to = interesting_place(in, state, 8), length = 8 * below(state, 64);

    if (from + length <= in->size && to + length <= in->size)
        memmove(in->bytes + to, in->bytes + from, length);
}

static void cut(struct input *in, uint64_t *state)
{
    in->size = below(state, 2) ? below(state, in->size + 1) : in->size - below(state, in->size < 100 ? in->size : 100);
}

static void mutate(struct input *in, uint64_t *state)
{
    for (uint64_t n = 1 + below(state, 8); n-- > 0 && in->size;) {
        uint64_t kind = below(state, 100);
        if (kind < 40)
            set_word(in, state);
        else if (kind < 55)
            set_field(in, state);
        else if (kind < 85)
            flip_bit(in, state);
        else if (kind < 97)
            copy_stretch(in, state);
        else
            cut(in, state);
    }
}

static void run_one(const struct run *r, uint64_t iteration)
{
    uint64_t state = r->seed * UINT64_C(1000003) + iteration;
    const struct input *from = &r->inputs[below(&state, r->input_count)];
    struct input in = {malloc(from->size + 1), from->size};

    if (!in.bytes)
        abort();
    memcpy(in.bytes, from->bytes, from->size);
    mutate(&in, &state);
    /* A block of exactly that size lets the sanitizer see every byte too far. */
    uint8_t *exact = malloc(in.size ? in.size : 1);
    if (!exact)
        abort();
    memcpy(exact, in.bytes, in.size);
    free(in.bytes);
    current_iteration = iteration;
    alarm(ITERATION_SECONDS);
    LLVMFuzzerTestOneInput(exact, in.size);
    alarm(0);
    free(exact);
}

/* Two threads that wait for each other, with everything a detector may look at around them. */
static void build_deadlock(struct trace_builder *b)
{
    uint32_t exe = builder_module(b, "/bin/true", 0x400000, 0x100000), index;
    uint32_t main_thread = builder_thread(b, "main"), t1 = builder_thread(b, "one"), t2 = builder_thread(b, "two");
    uint32_t s1 = builder_stack(b, 3, UINT64_C(0x402500), UINT64_C(0x402600), UINT64_C(0x402700));
    uint32_t s2 = builder_stack(b, 2, UINT64_C(0x402800), UINT64_C(0x402700)),
             s3 = builder_stack(b, 1, UINT64_C(0x402900));
    uint32_t m1 = builder_mutex(b, 0x406010), m2 = builder_mutex(b, 0x7000), m3 = builder_mutex(b, 0x8028);

    builder_object_row(b, m3)->block = 0x8000;
    builder_object_row(b, m3)->block_size = 96;
    builder_object_row(b, m3)->block_caller = 0x402950;
    builder_object_row(b, m2)->init_stack = s3;
    uint32_t g0 = builder_segment(b, main_thread, 0, 0), g1 = builder_segment(b, t1, 0, g0),
             g2 = builder_segment(b, t2, 0, g0);
    builder_segment(b, main_thread, g0, g1);
    uint32_t a1 = builder_acquire(b, t1, 0, m1, s1), a12 = builder_acquire(b, t1, a1, m2, s2);
    uint32_t a2 = builder_acquire(b, t2, 0, m2, s2), a21 = builder_acquire(b, t2, a2, m1, s3);
    uint32_t a3 = builder_acquire(b, t1, a1, m3, s3);

    builder_witness_segments(b, a12, 0, g1, g1);
    builder_witness_segments(b, a21, 0, g2, g2);
    builder_acquire_too(b, a3, t2);
    builder_hold(b, t1, a1);
    builder_hold(b, t2, a2);
    builder_wait(b, t1, a12, BUILDER_START + 5000);
    builder_wait(b, t2, a21, BUILDER_START + 6000);
    uint32_t call = builder_call(b, t1, KIWI_CALL_POLL, a1, s1, 5000000);
    builder_call(b, t2, KIWI_CALL_WRITE, a2, s2, 900000);
    builder_call_row(b, call)->flags = KIWI_CALLF_UNTIMED;
    uint32_t join = builder_call(b, main_thread, KIWI_CALL_JOIN, 0, s3, 0);
    builder_call_now(b, main_thread, join, BUILDER_START + 7000);
    builder_slot_row(b, main_thread)->call_object = t1;
    builder_row(b, KIWI_TABLE_HELD, &index);
    ((struct kiwi_module *)builder_at(b, KIWI_TABLE_MODULES, exe))->unloaded_epoch = 0;
}

/* Everything else: misuse of each kind, ended threads, order cycles of three, cache lines, a held chunk. */
static void build_rest(struct trace_builder *b)
{
    uint32_t threads[4], locks[4], stacks[4], index;

    for (unsigned i = 0; i < 4; i++) {
        threads[i] = builder_thread(b, "thread");
        stacks[i] = builder_stack(b, 2, UINT64_C(0x10000) + i * 64, UINT64_C(0x20000));
        locks[i] = builder_object(b, i < 3 ? KIWI_OBJECT_MUTEX : KIWI_OBJECT_RWLOCK, 0x5000 + 64 * i);
    }
    for (unsigned i = 0; i < 3; i++) {
        uint32_t outer = builder_acquire(b, threads[i], 0, locks[i], stacks[i]);
        uint32_t inner = builder_acquire(b, threads[i], outer, locks[(i + 1) % 3], stacks[3]);
        builder_acquire_too(b, inner, threads[3]);
        for (unsigned k = 0; k < 2; k++)
            builder_call(b, threads[i], KIWI_CALL_WRITE, outer, stacks[3], 900000000);
        builder_slot_row(b, threads[i])->cache[i] =
                (struct kiwi_cache_entry){.address = 0x5000, .row = inner, .count = 7};
        builder_slot_row(b, threads[i])->events[i] =
                (struct kiwi_event){BUILDER_START + i, KIWI_EVENT_LOCK_WAIT, inner, 5, 6};
    }
#define X(id, name, finding) builder_misuse(b, threads[id % 4], id, locks[id % 4], stacks[id % 4]);
    KIWI_MISUSES(X)
#undef X
    builder_end_thread(b, threads[3], BUILDER_START + 100000);
    struct kiwi_slot *s = builder_slot_row(b, threads[0]);
    for (unsigned i = 0; i < 50; i++) {
        struct kiwi_held *h = builder_row(b, KIWI_TABLE_HELD, &index);
        *h = (struct kiwi_held){.address = 0x5000 + 64 * (i % 4), .count = 1, .stack = stacks[i % 4]};
        s->held_rows = s->held_rows ? s->held_rows : index;
    }
    s->held_count = s->held_capacity = 50;
    builder_header(b)->end_kind = KIWI_END_EXIT;
    builder_header(b)->dropped[KIWI_DROP_STACKS] = 12;
}

static void add_input(struct run *r, const void *bytes, size_t size)
{
    struct input *in = &r->inputs[r->input_count];

    if (r->input_count == MAX_SEEDS)
        return;
    in->bytes = malloc(size + 1);
    if (!in->bytes)
        abort();
    memcpy(in->bytes, bytes, size);
    in->size = size;
    r->input_count++;
}

static void add_built(struct run *r, void (*build)(struct trace_builder *b), const char *name)
{
    struct trace_builder *b = builder_open();
    size_t size;
    char path[512];

    build(b);
    add_input(r, builder_bytes(b, &size), size);
    if (r->directory) {
        snprintf(path, sizeof path, "%s/%s.trace", r->directory, name);
        builder_write(b, path);
    }
    builder_close(b);
}

static bool add_file(struct run *r, const char *path)
{
    FILE *file = fopen(path, "rb");
    long size = -1;
    char *bytes = NULL;
    bool done = false;

    if (file && fseek(file, 0, SEEK_END) == 0 && (size = ftell(file)) >= 0 && fseek(file, 0, SEEK_SET) == 0 &&
        (bytes = malloc((size_t)size + 1)) && fread(bytes, 1, (size_t)size, file) == (size_t)size) {
        add_input(r, bytes, (size_t)size);
        done = true;
    }
    if (!done)
        fprintf(stderr, "mutate: cannot read '%s'\n", path);
    free(bytes);
    if (file)
        fclose(file);
    return done;
}

static bool parse(struct run *r, int argc, char **argv)
{
    for (int i = 1; i < argc; i++) {
        uint64_t *number = strcmp(argv[i], "--seed") == 0         ? &r->seed
                           : strcmp(argv[i], "--iterations") == 0 ? &r->iterations
                           : strcmp(argv[i], "--seconds") == 0    ? &r->seconds
                           : strcmp(argv[i], "--only") == 0       ? &r->only
                                                                  : NULL;
        bool directory = strcmp(argv[i], "--write") == 0;
        if ((number || directory) && i + 1 == argc)
            return false;
        if (number)
            *number = strtoull(argv[++i], NULL, 0);
        else if (directory)
            r->directory = argv[++i];
        else if (!add_file(r, argv[i]))
            return false;
    }
    return true;
}

static uint64_t run_all(const struct run *r)
{
    time_t end = time(NULL) + (time_t)r->seconds;
    uint64_t done = 0;

    while (done < r->iterations && (!r->seconds || time(NULL) < end))
        run_one(r, ++done);
    return done;
}

int main(int argc, char **argv)
{
    struct run r = {.seed = 1, .iterations = UINT64_MAX, .seconds = 0};

    if (!parse(&r, argc, argv) || (r.iterations == UINT64_MAX && !r.seconds && !r.only && !r.directory)) {
        fprintf(stderr,
                "usage: mutate [--seed N] [--iterations N] [--seconds N] [--only N] [--write DIRECTORY] [TRACE...]\n");
        return 2;
    }
    if (!r.input_count) {
        add_built(&r, build_deadlock, "deadlock");
        add_built(&r, build_rest, "rest");
    }
    current_seed = r.seed;
    __sanitizer_set_death_callback(tell_iteration);
    signal(SIGALRM, on_alarm);
    uint64_t done = 0;
    if (r.only)
        run_one(&r, r.only);
    else if (r.iterations != UINT64_MAX || r.seconds)
        done = run_all(&r);
    printf("1..1\nok 1 - %llu damaged traces analysed, seed %llu\n", (unsigned long long)done,
           (unsigned long long)r.seed);
    for (unsigned i = 0; i < r.input_count; i++)
        free(r.inputs[i].bytes);
    return 0;
}
