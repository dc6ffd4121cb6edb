/*
 * json_text.h - strings of a trace as JSON strings: file names may be any bytes, JSON takes UTF-8 alone.
 */
#ifndef KIWI_JSON_TEXT_H
#define KIWI_JSON_TEXT_H

#include <jansson.h>

/* A new reference, with what is no valid UTF-8 replaced. NULL = out of memory, which json_pack passes on. */
json_t *json_text(const char *raw);
#endif
