/*
 * calls.h - what the detectors of calls and their failures share.
 */
#ifndef KIWI_DETECT_CALLS_H
#define KIWI_DETECT_CALLS_H

#include "../finding.h"

const char *calls_errno(uint32_t error); /* "ECONNREFUSED"; "an error" */
/* Failing to connect, or to reach a peer: what retries are about, as opposed to a call that never can go well. */
bool calls_is_about_peer(const struct kiwi_failure *r);
/* Of the longest streak. */
uint64_t calls_streak_ns(const struct trace *t, const struct kiwi_failure *r);
double calls_streak_rate(const struct trace *t, const struct kiwi_failure *r); /* attempts a second */
#endif
