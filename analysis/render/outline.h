/*
 * outline.h - what all formats say alike: names of verdict and risk, the location of a finding, the two to-do lists.
 */
#ifndef KIWI_OUTLINE_H
#define KIWI_OUTLINE_H

#include "../symbols.h"
#include "render.h"

#define OUTLINE_TEXT 1024

const char *outline_verdict(const struct review *r); /* "APPROVE" or "REQUEST_CHANGES" */
const char *outline_risk(const struct review *r);    /* "CRITICAL" ... "INFO", "NONE" */

/* The innermost frame of the first stack that is the program's own; false if no stack was recorded. */
bool outline_location(const struct finding *f, struct symbol_frame *at);
/* How many of a finding's stacks, and of one stack's frames, are worth showing to people: not those that a stack above
 * has shown, nor the frames in which every thread begins; less of a finding that is LOW. `rest` says what was left out
 * ("... 7 more, as in the first stack"), "" if that was nothing. */
unsigned outline_stacks(const struct finding *f);
unsigned outline_frames(const struct finding *f, unsigned index, unsigned max, char *rest, size_t size);
/* How many frames behind frame `at`, of the first `end`, are not worth a line: of a library's, the first and the last
 * are, at which it was called. */
unsigned outline_fold(const struct finding_stack *s, unsigned at, unsigned end);
/* "conn_new (src/conn.c:112)", "conn_new in /usr/bin/x", "/usr/bin/x+0x12a0"; returns text. */
const char *outline_frame(const struct symbol_frame *at, char *text, size_t size);
/* The finding in one line: "[HIGH] title, at conn_new conn.c:112"; returns text. */
const char *outline_item(const struct finding *f, char *text, size_t size);

/* Findings that must be mended before a merge, and all others. */
bool outline_required(const struct finding *f);
/* What must be done beside them: a part of the recording was not read. NULL = nothing. */
const char *outline_unread(const struct review *r);

/* "1 new, 3 known (not shown), 2 no longer seen (...)": the later review against its baseline; returns text. */
const char *outline_baseline(const struct review *r, char *text, size_t size);
/* What is to be said of one entry of the baseline: "Was MEDIUM, is now HIGH: title"; NULL if nothing. */
const char *outline_baseline_entry(const struct baseline_entry *e, char *text, size_t size);
const char *outline_time(uint64_t realtime_ns, char *text,
                         size_t size); /* ISO 8601 in UTC with milliseconds; "" for 0 */
#endif
