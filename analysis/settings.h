/*
 * settings.h - the recording options that were in force in a trace, as a user would write them.
 *
 *     char value[SETTINGS_TEXT];
 *     settings_value(t, "tick-budget", value, sizeof value);       // "50ms"
 *
 * The trace tells only what was set; the rest are the defaults of this version (interpose/options.def).
 */
#ifndef KIWI_SETTINGS_H
#define KIWI_SETTINGS_H

#include "reader.h"

#define SETTINGS_TEXT 4096

bool settings_known(const struct trace *t); /* the trace tells its options at all */
const char *settings_name(unsigned i);      /* of all options, in the order of their registry; NULL behind the last */
bool settings_is_set(const struct trace *t, const char *name); /* to another value than the default */
/* Returns text; "" for a name that is no option. */
const char *settings_value(const struct trace *t, const char *name, char *text, size_t size);

/* "tick-budget=50ms, hold-budget=2ms, ...": what findings were judged by. Returns text. */
const char *settings_budgets(const struct trace *t, char *text, size_t size);
/* "heap=exact, depth=16": the other options that were set, but for the name of the trace; "" for none. Returns text. */
const char *settings_others(const struct trace *t, char *text, size_t size);
#endif
