/*
 * call_kinds.h - what the registry of calls says of one.
 */
#ifndef KIWI_CALL_KINDS_H
#define KIWI_CALL_KINDS_H

#include "../interpose/trace_format.h"

#include <stdbool.h>

const char *call_kind_name(uint32_t kind);           /* "recv"; "a call" for a kind that this version does not know */
const char *call_kind_phrase(uint32_t kind);         /* "recv"; "flock (a wait for a file lock)" */
enum kiwi_call_group call_kind_group(uint32_t kind); /* KIWI_GROUP_SYNC for such */
bool call_kind_has_descriptor(uint32_t kind);        /* the call's object is a descriptor */
bool call_kind_is_cond_wait(uint32_t kind);          /* at a condition variable, with a limit or without */
bool call_kind_is_wake_up(uint32_t kind);            /* that, or at a semaphore: another thread ends the wait */
#endif
