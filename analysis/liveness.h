/*
 * liveness.h - does the process that a trace describes still run on this machine?
 *
 * Process ids are reused, and a trace may come from another machine or from a container: a process counts only when it
 * maps the trace file, or, where its maps can not be read, when it runs the same executable and began before the trace.
 */
#ifndef KIWI_LIVENESS_H
#define KIWI_LIVENESS_H

#include <stdbool.h>
#include <stdint.h>

/* executable may be "". started_ns: CLOCK_REALTIME at which the recording began. inode: of the trace file. */
bool liveness_check(uint32_t pid, uint64_t inode, const char *executable, uint64_t started_ns);
/* It is stopped, by a signal or a debugger: nothing in it can go on, and no time counts. */
bool liveness_stopped(uint32_t pid);
#endif
