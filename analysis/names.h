/*
 * names.h - names that people know things by: locks, threads, places, durations. Part of the model; detectors use
 * model.h.
 *
 * Every name is made once and lives as long as the model.
 */
#ifndef KIWI_NAMES_H
#define KIWI_NAMES_H

#include "model.h"

struct names *names_open(const struct model *m); /* NULL = out of memory */
void names_close(struct names *n);
#endif
