/*
 * header.h - reads and judges the header of a trace.
 *
 *     struct kiwi_header h;
 *     if (!header_read(&source, &h, &problems, error, sizeof error)) ...   // not a trace that this version can read
 *
 * What comes back is in this version's layout and safe to use: known clock, table descriptors that lie in the file or
 * are all zero, NUL-terminated magic. Whatever had to be mended is in the problems.
 */
#ifndef KIWI_HEADER_H
#define KIWI_HEADER_H

#include "../interpose/trace_format.h"
#include "problems.h"
#include "source.h"

bool header_read(const struct source *s, struct kiwi_header *h, struct problems *problems, char *error,
                 size_t error_size);

const char *table_name(uint32_t id);  /* "OBJECTS", "table 17" is "unknown" */
uint32_t table_row_size(uint32_t id); /* of this version, 0 = unknown id */
bool table_is_plain(uint32_t id);     /* STRINGS and FRAMES: rows of a fixed size that never grow */
bool table_has_state(uint32_t id);    /* rows begin with a state word */
#endif
