/*
 * integrity.h - checks the rows of an opened trace against each other.
 *
 * Every reference of a published row must lie inside the table it points into, and every row state must be a known one.
 * A reader is safe without this (all accessors check); it tells people that a file is damaged, and where.
 */
#ifndef KIWI_INTEGRITY_H
#define KIWI_INTEGRITY_H

#include "reader.h"

/* Calls report(context, line) once for each table and field that has bad rows: the first one and how many. */
void integrity_check(const struct trace *t, void (*report)(void *context, const char *line), void *context);
#endif
