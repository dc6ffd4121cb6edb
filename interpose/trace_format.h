/*
 * trace_format.h - the trace: the only thing libkiwi.so and the analyzer share.
 *
 * A trace is one sparse file that the recorder keeps mapped and updates in place:
 *
 *     struct kiwi_header        who, when, which clock, how it ended, what was dropped, where each table lies
 *     table 1 .. n              arrays of fixed-width rows, each at a page-aligned offset
 *
 * Invariants
 *   - All integers are little-endian and naturally aligned; a file is readable on any other machine.
 *   - Row 0 of every table is never used, so the index 0 means "none". Strings are byte offsets into
 *     KIWI_TABLE_STRINGS.
 *   - A row is claimed by adding to `used`, filled, and then published by storing its first word (`state`) with release
 *     order. A reader ignores rows whose state is 0 (KIWI_ROW_EMPTY), and so never meets a half-written row.
 *   - Key fields of a published row never change. Counters of a row are updated in place: plain stores by the thread
 *     that owns it, relaxed atomic additions where several threads share it (said at each field).
 *   - Times are ticks of the clock that the header describes (`clock` pairs convert them to nanoseconds). 0 = not
 *     known.
 *   - What does not fit is counted in `dropped`; the file never grows past `file_size`.
 *
 * Each header of trace/ holds the rows of one domain.
 *
 * Versioning: `major` changes when an old reader would misread a file, `minor` when rows or tables are added at the end
 * or reserved fields get a meaning. A reader uses `row_size` from the file as the stride, so rows may grow.
 */
#ifndef KIWI_TRACE_FORMAT_H
#define KIWI_TRACE_FORMAT_H

#include "trace/header.h"
#include "trace/code.h"
#include "trace/thread.h"
#include "trace/lock.h"
#include "trace/contention.h"
#include "trace/call.h"
#include "trace/descriptor.h"
#include "trace/loop.h"
#include "trace/shutdown.h"
#include "trace/heap.h"
#include "trace/misuse.h"
#include "trace/slot.h"

#endif
