/*
 * module.h - the map of loaded modules: path, where, build id. Filled as code addresses are met in stacks.
 *
 * Uses the loader's lock-free lookup (_dl_find_object, glibc 2.35), so that no loader lock is ever taken: a module that
 * a plugin host opens later is met with its first stack, and dlopen itself needs no wrapper (which would cost plugins
 * their RUNPATH).
 */
#ifndef KIWI_MODULE_H
#define KIWI_MODULE_H

#include "region.h"

/* Makes sure that the module of a code address is in the trace. false = no module: the address is not to be unwound
 * through. Lock-free, async-signal-safe. */
bool module_note(uintptr_t address);
/* The address lies in a segment without code of a noted or notable module: a global or static variable, or a
 * constant. */
bool module_holds_data(uintptr_t address);
/* The address lies in a noted module whose path has this in it. */
bool module_is_named(uintptr_t address, const char *part);
#define MODULE_EPOCH_FIRST 1u /* kiwi_header.module_epoch while nothing was unloaded */
/* The latest module_epoch at which a module that held the address was unloaded, and did not come back; 0 = none was. */
uint64_t module_unloaded_epoch(uintptr_t address);
/* After dlclose: modules that are gone get their unloaded_epoch, and stack caches become stale. */
void module_sweep(void);
void module_reset(void); /* in a new process image or a forked child: start with an empty map */
#endif
