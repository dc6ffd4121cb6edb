/*
 * order.h - what create and join alone order, or signals as well: is one segment of a thread over before another one
 * begins?
 *
 *     struct order *o = order_open(trace, false);
 *     if (order_before(o, a, b)) ...      // a cannot run at the same time as b
 *     order_close(o);
 *
 * The ancestors of a segment are found once and kept for the latest few hundred segments asked about. Cycles, which
 * only a damaged trace has, do no harm. Not thread-safe.
 */
#ifndef KIWI_ORDER_H
#define KIWI_ORDER_H

#include "reader.h"

struct order;
/* signals: what a thread did before it woke another one counts as over, too. NULL = out of memory. */
struct order *order_open(const struct trace *t, bool signals);
void order_close(struct order *o);
/* 0 (unknown) is ordered with nothing. */
bool order_before(struct order *o, uint32_t a, uint32_t b);
#endif
