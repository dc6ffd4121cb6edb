/*
 * recording.h - the recording options of options.def as `kiwi run` takes them, shows them and hands them on.
 */
#ifndef KIWI_RECORDING_H
#define KIWI_RECORDING_H

#include "../interpose/base/options.h"

#include <stdio.h>

/* Starts from the defaults and $KIWI_OPTIONS. Returns false after messages when the variable has mistakes. */
bool recording_begin(struct options *o);

/* Sets one option from --name=value. Returns false after a message. */
bool recording_set(struct options *o, const char *name, const char *value);

/* Makes out= absolute and checks that a file can be made there. Returns false after a message. */
bool recording_settle(struct options *o);

/* Puts the options into $KIWI_OPTIONS. Returns false after a message. */
bool recording_export(const struct options *o);

/* "  --name=UNIT  help ... (default x)" for every row, wrapped for a terminal. */
void recording_help(FILE *out);
#endif
