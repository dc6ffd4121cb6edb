/*
 * reader.h - opens a trace; the only code that sees untrusted bytes.
 *
 * The whole file is copied into memory first, so a process that still runs can not change it under the reader. Every
 * accessor checks its index; nothing a damaged file says makes it read outside that copy.
 *
 *     struct trace *t = trace_open("kiwi.svc.12.trace", error, sizeof error);
 *     for (uint32_t i = 1; i < trace_rows(t, KIWI_TABLE_OBJECTS); i++) {
 *         const struct kiwi_object *o = trace_object(t, i);
 *         if (!o) continue;               // empty or half-written
 *     }
 *     trace_close(t);
 *
 * Not thread-safe; pure functions of the copy once open.
 */
#ifndef KIWI_READER_H
#define KIWI_READER_H

#include "../interpose/trace_format.h"

#include <stdbool.h>
#include <stddef.h>

struct trace;

/*
 * path: a trace, or a symbolic link to one. Returns NULL and a one-line message without a newline in error ("not a
 * Kiwi trace: starts with ...", "newer format 2.0, this kiwi reads 1.x", "cut off at byte N inside table X", "No such
 * file or directory") when nothing can be read. A damaged file of which something can be read opens, with
 * trace_problems() > 0.
 */
struct trace *trace_open(const char *path, char *error, size_t error_size);
struct trace *trace_from_memory(const void *bytes, size_t size, const char *name, char *error, size_t error_size);
void trace_close(struct trace *t);

const char *trace_path(const struct trace *t);
const struct kiwi_header *trace_header(const struct trace *t); /* sanitised copy, current layout */
unsigned trace_problems(const struct trace *t);                /* damage found while opening */
const char *trace_problem(const struct trace *t, unsigned i);  /* one line each: what is wrong and where */
bool trace_is_partial(const struct trace *t);                  /* a table of it, or a part of one, was not to be had */

/* Rows that can be asked for: indices 1 .. trace_rows()-1. */
uint32_t trace_rows(const struct trace *t, enum kiwi_table_id table);
/* NULL for index 0, out of range, or a row that was not published. Rows are at least as long as this version's type. */
const void *trace_row(const struct trace *t, enum kiwi_table_id table, uint32_t index);
/* The same for any claimed row, published or not. */
const void *trace_raw_row(const struct trace *t, enum kiwi_table_id table, uint32_t index);
/* "" for 0 or bad offsets; always NUL-terminated. Printable, well-formed UTF-8: other bytes read as '?'. */
const char *trace_string(const struct trace *t, uint32_t offset);
const char *trace_raw_string(const struct trace *t, uint32_t offset); /* the bytes as recorded, to open files with */
/* Return addresses of a stack, innermost first, at most TRACE_MAX_DEPTH; NULL and 0 if none. */
const uint64_t *trace_frames(const struct trace *t, uint32_t stack, uint32_t *depth);
#define TRACE_MAX_DEPTH 1024u

const char *trace_table_name(enum kiwi_table_id table); /* "OBJECTS" */

#define TRACE_ROW_ACCESSOR(name, table, type)                                                                          \
    static inline const struct type *trace_##name(const struct trace *t, uint32_t i)                                   \
    {                                                                                                                  \
        return trace_row(t, table, i);                                                                                 \
    }
TRACE_ROW_ACCESSOR(module, KIWI_TABLE_MODULES, kiwi_module)
TRACE_ROW_ACCESSOR(stack, KIWI_TABLE_STACKS, kiwi_stack)
TRACE_ROW_ACCESSOR(thread_class, KIWI_TABLE_CLASSES, kiwi_thread_class)
TRACE_ROW_ACCESSOR(thread, KIWI_TABLE_THREADS, kiwi_thread)
TRACE_ROW_ACCESSOR(segment, KIWI_TABLE_SEGMENTS, kiwi_segment)
TRACE_ROW_ACCESSOR(object, KIWI_TABLE_OBJECTS, kiwi_object)
TRACE_ROW_ACCESSOR(acquisition, KIWI_TABLE_ACQUISITIONS, kiwi_acquisition)
TRACE_ROW_ACCESSOR(call, KIWI_TABLE_CALLS, kiwi_call)
TRACE_ROW_ACCESSOR(misuse, KIWI_TABLE_MISUSES, kiwi_misuse)
TRACE_ROW_ACCESSOR(slot, KIWI_TABLE_SLOTS, kiwi_slot)
TRACE_ROW_ACCESSOR(cache_entry, KIWI_TABLE_CACHES, kiwi_cache_entry)
TRACE_ROW_ACCESSOR(held, KIWI_TABLE_HELD, kiwi_held)
TRACE_ROW_ACCESSOR(cond, KIWI_TABLE_CONDS, kiwi_cond)
TRACE_ROW_ACCESSOR(wait_site, KIWI_TABLE_WAIT_SITES, kiwi_wait_site)
TRACE_ROW_ACCESSOR(contention, KIWI_TABLE_CONTENTIONS, kiwi_contention)
TRACE_ROW_ACCESSOR(histogram, KIWI_TABLE_HISTOGRAMS, kiwi_histogram)
TRACE_ROW_ACCESSOR(charge, KIWI_TABLE_CHARGES, kiwi_charge)
TRACE_ROW_ACCESSOR(sighting, KIWI_TABLE_SIGHTINGS, kiwi_sighting)
TRACE_ROW_ACCESSOR(descriptor, KIWI_TABLE_DESCRIPTORS, kiwi_descriptor)
TRACE_ROW_ACCESSOR(peer, KIWI_TABLE_PEERS, kiwi_peer)
TRACE_ROW_ACCESSOR(failure, KIWI_TABLE_FAILURES, kiwi_failure)
TRACE_ROW_ACCESSOR(loop, KIWI_TABLE_LOOPS, kiwi_loop)
TRACE_ROW_ACCESSOR(tick, KIWI_TABLE_TICKS, kiwi_tick)
TRACE_ROW_ACCESSOR(stall, KIWI_TABLE_STALLS, kiwi_stall)
TRACE_ROW_ACCESSOR(shutdown, KIWI_TABLE_SHUTDOWNS, kiwi_shutdown)
TRACE_ROW_ACCESSOR(heap_site, KIWI_TABLE_HEAP_SITES, kiwi_heap_site)
TRACE_ROW_ACCESSOR(allocator, KIWI_TABLE_ALLOCATORS, kiwi_allocator)
TRACE_ROW_ACCESSOR(heap_path, KIWI_TABLE_HEAP_PATHS, kiwi_heap_path)
#undef TRACE_ROW_ACCESSOR

/* Time. Ticks to nanoseconds since the recording started (0 for ticks 0 or before the start); durations alike. */
uint64_t trace_ns_at(const struct trace *t, uint64_t ticks);
uint64_t trace_ns(const struct trace *t, uint64_t tick_duration);
uint64_t trace_realtime_ns(const struct trace *t, uint64_t ticks); /* CLOCK_REALTIME of ticks */
uint64_t trace_last_ticks(const struct trace *t);                  /* the latest time found anywhere in the trace */
/* When the process ended; of one that still runs the moment when the trace was opened, else the latest time known. */
uint64_t trace_end_ticks(const struct trace *t);
/* How far what goes on may be judged: the same, but for a process that is stopped (SIGSTOP, a debugger) the latest time
 * known. */
uint64_t trace_now_ticks(const struct trace *t);
bool trace_is_live(
        const struct trace *t); /* the recorded process still runs on this machine (when the trace was opened) */
/*
 * true if what this thread slot shows was true for the whole time of copying: always so for an ended process; in a
 * live one, the slot read the same twice. Threads whose waits are settled waited all at the same moment, so a cycle
 * through settled slots alone is no artefact of copying them one after the other.
 */
bool trace_slot_settled(const struct trace *t, uint32_t slot);
#endif
