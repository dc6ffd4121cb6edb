/*
 * cxx_runtime.h - C++ runtime functions that a module brought with it, out of sight of the next definition in lookup
 * order.
 *
 * A C program may load plugins in C++: with a libstdc++ for themselves, or with a copy of it linked in. What such a
 * module calls binds to this library's wrapper all the same, since preloaded libraries come first.
 */
#ifndef KIWI_CXX_RUNTIME_H
#define KIWI_CXX_RUNTIME_H

#include "real.h"

/*
 * What the wrapper of a C++ runtime function is to call, for the wrapper's own caller: real.NAME, or what that is in
 * the shared runtime of a plugin, or in the caller's own module, or else in any. Never NULL: such a program could not
 * have been linked, and is ended.
 */
#define REAL_CXX(name)                                                                                                 \
    ((__typeof__(real.name))(likely(real.name != NULL)                                                                 \
                                     ? (void *)real.name                                                               \
                                     : cxx_runtime_find((void **)&real.name, #name, __builtin_return_address(0))))

/* place: of real, filled in when the function is the whole process's. Takes the loader's lock when a module asks for a
 * name for the first time. */
void *cxx_runtime_find(void **place, const char *name, const void *caller);

/* Around dlclose: a module that goes takes its functions with it. */
void cxx_runtime_close_begin(void);
void cxx_runtime_close_end(void);
#endif
