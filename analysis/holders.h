/*
 * holders.h - who holds and who waits for what, at the moment of the trace, by object.
 *
 * Built once from the slots of live threads. Not thread-safe.
 */
#ifndef KIWI_HOLDERS_H
#define KIWI_HOLDERS_H

#include "model.h"

struct holders;
struct holders *holders_open(const struct model *m); /* NULL = out of memory */
void holders_close(struct holders *h);

/* All of them, in the order of slots; *count entries. */
const struct model_holder *holders_of(const struct holders *h, uint32_t object, uint32_t *count);
const struct model_waiter *waiters_of(const struct holders *h, uint32_t object, uint32_t *count);
#endif
