/*
 * wording.h - phrases that several detectors use. Results are written into the caller's text and returned.
 */
#ifndef KIWI_WORDING_H
#define KIWI_WORDING_H

#include "../finding.h"

#define WORDING_SIZE 512

/* The thread row if it still is the thread with that serial, else 0 (its row was used again). */
uint32_t wording_thread_row(const struct model *m, uint32_t thread, uint32_t serial);
/* "T3 "worker" (tid 7, ...)", or "a thread that has ended since" for 0. */
const char *wording_thread(struct model *m, uint32_t thread);
/* "a, b and c" of objects; the first few, then "and 7 more". */
const char *wording_objects(struct model *m, const uint32_t *objects, unsigned count, char *text, size_t size);
const char *wording_plural(uint64_t count); /* "" for 1, else "s" */

/*
 * "Run it again under the load that showed this: `kiwi run -- svc ...`, then `kiwi report --only=IDS kiwi.svc.*.trace`
 * EXPECTATION"; sets f->validation.
 */
void wording_validation(struct finding *f, struct model *m, const char *ids, const char *expectation);
/* first_seen and last_seen from ticks, 0 = unknown. */
void wording_seen(struct finding *f, struct model *m, uint64_t first_ticks, uint64_t last_ticks);
#endif
