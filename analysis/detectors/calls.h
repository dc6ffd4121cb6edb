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
/* It was told EAGAIN all the time. */
bool calls_is_spin(const struct kiwi_failure *r);
/* Failures at such a rate, and for so long, that they are an error-loop. */
bool calls_is_error_loop(const struct trace *t, const struct kiwi_failure *r);
/* The failing call is the one that `bad` shows on a descriptor which had been closed. */
bool calls_is_same_use(const struct kiwi_failure *r, const struct kiwi_failure *bad);
#endif
