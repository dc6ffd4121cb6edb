/*
 * wording.h - phrases that several detectors use. Results are written into the caller's text and returned.
 */
#ifndef KIWI_WORDING_H
#define KIWI_WORDING_H

#include "../finding.h"

#define WORDING_SIZE 512
#define WORDING_MAX_LINKS 12u /* of a circle: as many are told one by one */

/* The thread row if it still is the thread with that serial, else 0 (its row was used again). */
uint32_t wording_thread_row(const struct model *m, uint32_t thread, uint32_t serial);
/* "T3 "worker" (tid 7, ...)", or "a thread that has ended since" for 0. */
const char *wording_thread(struct model *m, uint32_t thread);

/*
 * Titles name locks in full, once; after that a finding with several of them needs something shorter. Give it its
 * objects (finding_object) first, then wording_label: "cache_lock" for "cache_lock in memcached", and for locks that
 * only have a place "mutex A", "mutex B", with a line of evidence for each of the first that tells what it is.
 */
void wording_label(struct finding *f);
const char *wording_lock(const struct finding *f, uint32_t object); /* its label */

/* For titles: "a and b in memcached", "two mutexes, each at +0x28 in a 96-byte block allocated at conn_new
 * conn.c:112". */
const char *wording_title(struct model *m, const uint32_t *objects, unsigned count, char *text, size_t size);
/* "a, b and c" of labels; the first few, then "and 7 more". */
const char *wording_locks(const struct finding *f, const uint32_t *objects, unsigned count, char *text, size_t size);
/* Where a lock was asked for: with its caller too if the place alone is that of `other`'s function, a lock wrapper. */
const char *wording_site(struct model *m, uint32_t stack, uint32_t other, char *text, size_t size);
const char *wording_plural(uint64_t count); /* "" for 1, else "s" */

/*
 * "Run it again under the load that showed this: `kiwi run -- svc ...`, then `kiwi report --only=IDS kiwi.svc.*.trace`
 * EXPECTATION"; sets f->validation.
 */
void wording_validation(struct finding *f, struct model *m, const char *ids, const char *expectation);
/* The same for what is certain to be seen only if every block of the heap is followed: with heap=exact. */
void wording_validation_exact(struct finding *f, struct model *m, const char *ids, const char *expectation);
/* first_seen and last_seen from ticks, 0 = unknown. */
void wording_seen(struct finding *f, struct model *m, uint64_t first_ticks, uint64_t last_ticks);
#endif
