/*
 * detector.h - a detector reads one model and adds findings. docs/adding-a-detector.md shows how to add one.
 *
 * Detectors run in the order of detectors.def, each sees what the ones before it found (a lock-order cycle that became
 * a deadlock is reported as the deadlock). They return 0, or -1 when out of memory.
 */
#ifndef KIWI_DETECTOR_H
#define KIWI_DETECTOR_H

#include "../finding.h"

typedef int detector_run(struct model *m, struct finding_list *list);

#define DETECTOR(name) detector_run detect_##name;
#include "detectors.def"
#endif
