/*
 * fuzz_trace.c - the whole analysis of one trace, for a fuzzer: whatever the bytes are, it must return.
 *
 * LLVMFuzzerTestOneInput is libFuzzer's entry; mutate.c calls it as well, without clang.
 */
#include "review.h"
#include "symbols.h"
#include "render/render.h"

#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>

#define MANY 64 /* rows of each table that are looked at one by one */

int LLVMFuzzerTestOneInput(const uint8_t *bytes, size_t size);

static uint32_t few(uint32_t rows)
{
    return rows < MANY ? rows : MANY;
}

static uint64_t read_tables(const struct trace *t)
{
    uint64_t sum = 0;

    for (unsigned table = 0; table < KIWI_TABLE_LIMIT; table++)
        for (uint32_t i = 0; i < trace_rows(t, table); i++) {
            const unsigned char *row = trace_row(t, table, i);
            sum += row ? row[0] : 0;
        }
    for (uint32_t i = 0; i < few(trace_rows(t, KIWI_TABLE_STACKS)); i++) {
        uint32_t depth;
        const uint64_t *frames = trace_frames(t, i, &depth);
        sum += depth ? frames[depth - 1] : 0;
    }
    for (unsigned i = 0; i <= trace_problems(t); i++)
        sum += (unsigned char)trace_problem(t, i)[0];
    return sum + trace_realtime_ns(t, trace_last_ticks(t)) + trace_is_live(t);
}

static uint64_t name_everything(struct model *m)
{
    uint64_t sum = 0;

    for (uint32_t i = 0; i <= few(trace_rows(m->trace, KIWI_TABLE_OBJECTS)); i++)
        sum += (unsigned char)model_object_name(m, i)[0];
    for (uint32_t i = 0; i <= few(trace_rows(m->trace, KIWI_TABLE_THREADS)); i++)
        sum += (unsigned char)model_thread_name(m, i)[0] + model_threads_overlap(m, i, 1);
    for (uint32_t i = 0; i <= few(trace_rows(m->trace, KIWI_TABLE_STACKS)); i++)
        sum += (unsigned char)model_site(m, i)[0];
    return sum;
}

static uint64_t ask_everything(const struct model *m)
{
    struct model_held chain[MODEL_MAX_HELD];
    struct model_holder held[MANY];
    struct model_waiter wanted;
    uint64_t sum = 0;
    uint32_t count;

    for (uint32_t i = 0; i <= m->acquisition_count; i++)
        sum += model_held_set(m, i, chain, MODEL_MAX_HELD);
    for (uint32_t i = 0; i <= few(trace_rows(m->trace, KIWI_TABLE_SLOTS)); i++)
        sum += model_slot_holds(m, i, held, MANY) + model_slot_wants(m, i, &wanted) + trace_slot_settled(m->trace, i);
    for (uint32_t i = 0; i <= few(trace_rows(m->trace, KIWI_TABLE_OBJECTS)); i++)
        sum += model_holders(m, i, &count) != NULL && model_waiters(m, i, &count) != NULL;
    for (uint32_t i = 0; i <= few(trace_rows(m->trace, KIWI_TABLE_SEGMENTS)); i++)
        sum += model_segment_before(m, 1, i) + model_segment_before(m, i, 2);
    return sum;
}

static void make_review(struct model *m)
{
    char *text = NULL;
    size_t size = 0;
    struct review *r = review_make(&m, 1, NULL);
    FILE *out = open_memstream(&text, &size);

    if (r && out) {
        review_render_text(r, out, NULL);
        review_render_json(r, out, NULL);
        review_render_markdown(r, out, NULL);
    }
    if (out)
        fclose(out);
    free(text);
    review_free(r);
}

int LLVMFuzzerTestOneInput(const uint8_t *bytes, size_t size)
{
    static volatile uint64_t sink; /* or the compiler leaves the reading out */
    (void)sink;
    const char *unresolved[4];
    char error[256];
    struct trace *t = trace_from_memory(bytes, size, "fuzzed.trace", error, sizeof error);

    if (!t)
        return 0;
    sink += read_tables(t);
    struct symbols *s = symbols_open(t);
    struct model *m = model_open(t, s);
    if (m) {
        sink += ask_everything(m) + name_everything(m);
        make_review(m);
    }
    if (s)
        sink += symbols_unresolved(s, unresolved, 4);
    model_close(m);
    symbols_close(s);
    trace_close(t);
    return 0;
}
