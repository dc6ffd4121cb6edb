/*
 * explain.h - what a finding means, in full: how it is decided, innocent look-alikes, how to fix, how to validate.
 */
#ifndef KIWI_EXPLAIN_H
#define KIWI_EXPLAIN_H

#include "finding.h"

/* Plain text of several paragraphs, wrapped at 78 columns, ending in a newline. Never NULL. */
const char *explain_text(enum finding_id id);
bool explain_decided(enum finding_id id); /* this version has a detector for it */
#endif
