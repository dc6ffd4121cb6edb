/*
 * addresses.h - which synchronization object is at an address now.
 *
 * Addresses are used again; only the object that has not ended counts, of several the latest generation.
 */
#ifndef KIWI_ADDRESSES_H
#define KIWI_ADDRESSES_H

#include "reader.h"

struct addresses;
struct addresses *addresses_open(const struct trace *t); /* NULL = out of memory */
void addresses_close(struct addresses *x);
uint32_t addresses_find(const struct addresses *x, uint64_t address); /* object row, 0 = none */
#endif
