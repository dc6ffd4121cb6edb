/*
 * explain_loops.h - what `kiwi explain` says about the findings on event loops: rows of explain.c's table.
 */
#ifndef KIWI_EXPLAIN_LOOPS_H
#define KIWI_EXPLAIN_LOOPS_H

extern const char explain_blocked_loop[], explain_slow_tick[];
#endif
