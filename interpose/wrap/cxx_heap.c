/*
 * cxx_heap.c - operator new and delete, by their mangled names.
 *
 * Wrapped although they usually end in malloc: an allocator such as jemalloc or tcmalloc serves them itself. Their real
 * definitions may lie in a libstdc++ that a plugin brought with it, out of sight of RTLD_NEXT: then they are looked up
 * by library name at their first call.
 */
#include "cxx_heap.h"

#include "../process/enter.h"
#include "../record/object.h"

/* mangled name, parameters, arguments; size is the block's */
#define NEWS(X)                                                                                                        \
    X(_Znwm, (size_t size), (size))                                                                                    \
    X(_Znam, (size_t size), (size))                                                                                    \
    X(_ZnwmRKSt9nothrow_t, (size_t size, const void *tag), (size, tag))                                                \
    X(_ZnamRKSt9nothrow_t, (size_t size, const void *tag), (size, tag))                                                \
    X(_ZnwmSt11align_val_t, (size_t size, size_t alignment), (size, alignment))                                        \
    X(_ZnamSt11align_val_t, (size_t size, size_t alignment), (size, alignment))                                        \
    X(_ZnwmSt11align_val_tRKSt9nothrow_t, (size_t size, size_t alignment, const void *tag), (size, alignment, tag))    \
    X(_ZnamSt11align_val_tRKSt9nothrow_t, (size_t size, size_t alignment, const void *tag), (size, alignment, tag))

#define DELETES(X)                                                                                                     \
    X(_ZdlPv, (void *p), (p))                                                                                          \
    X(_ZdaPv, (void *p), (p))                                                                                          \
    X(_ZdlPvm, (void *p, size_t size), (p, size))                                                                      \
    X(_ZdaPvm, (void *p, size_t size), (p, size))                                                                      \
    X(_ZdlPvRKSt9nothrow_t, (void *p, const void *tag), (p, tag))                                                      \
    X(_ZdaPvRKSt9nothrow_t, (void *p, const void *tag), (p, tag))                                                      \
    X(_ZdlPvSt11align_val_t, (void *p, size_t alignment), (p, alignment))                                              \
    X(_ZdaPvSt11align_val_t, (void *p, size_t alignment), (p, alignment))                                              \
    X(_ZdlPvmSt11align_val_t, (void *p, size_t size, size_t alignment), (p, size, alignment))                          \
    X(_ZdaPvmSt11align_val_t, (void *p, size_t size, size_t alignment), (p, size, alignment))                          \
    X(_ZdlPvSt11align_val_tRKSt9nothrow_t, (void *p, size_t alignment, const void *tag), (p, alignment, tag))          \
    X(_ZdaPvSt11align_val_tRKSt9nothrow_t, (void *p, size_t alignment, const void *tag), (p, alignment, tag))

#define PROTOTYPE_NEW(name, parameters, arguments) void *name parameters;
#define PROTOTYPE_DELETE(name, parameters, arguments) void name parameters;
NEWS(PROTOTYPE_NEW)
DELETES(PROTOTYPE_DELETE)

/* All of them throw or end the program when they fail, so a call without a real function can only be a broken
 * process. */
static void *found_late(void **place, const char *name)
{
    void *f = real_from_cxx_runtime(name);
    if (!f)
        __builtin_trap();
    __atomic_store_n(place, f, __ATOMIC_RELAXED);
    return f;
}

#define ENSURE(name)                                                                                                   \
    do {                                                                                                               \
        if (unlikely(!real.name))                                                                                      \
            found_late((void **)&real.name, #name);                                                                    \
    } while (0)

/* Twenty functions of one shape: the exception to "no macro makes bodies" (docs/adding-a-wrapper.md). */
#define DEFINE_NEW(name, parameters, arguments)                                                                        \
    EXPORT void *name parameters                                                                                       \
    {                                                                                                                  \
        struct thread *t = thread_enter();                                                                             \
        ENSURE(name);                                                                                                  \
        void *block = real.name arguments;                                                                             \
        return t && block ? object_note_block(t, block, size, __builtin_return_address(0)) : block;                    \
    }

#define DEFINE_DELETE(name, parameters, arguments)                                                                     \
    EXPORT void name parameters                                                                                        \
    {                                                                                                                  \
        struct thread *t = thread_enter();                                                                             \
        ENSURE(name);                                                                                                  \
        if (t && p && object_block_suspect((uintptr_t)p))                                                              \
            heap_note_delete(t, p, CALL_SITE());                                                                       \
        real.name arguments;                                                                                           \
    }

NEWS(DEFINE_NEW)
DELETES(DEFINE_DELETE)
