/*
 * cxx_heap.c - operator new and delete, by their mangled names.
 *
 * Wrapped although they usually end in malloc: an allocator such as jemalloc or tcmalloc serves them itself. Their real
 * definitions may lie in what a plugin brought with it (base/cxx_runtime.h).
 */
#include "../base/cxx_runtime.h"
#include "heap_follow.h"

/* mangled name, parameters, arguments, form; size is the block's */
#define NEWS(X)                                                                                                        \
    X(_Znwm, (size_t size), (size), NEW)                                                                               \
    X(_Znam, (size_t size), (size), NEW_ARRAY)                                                                         \
    X(_ZnwmRKSt9nothrow_t, (size_t size, const void *tag), (size, tag), NEW)                                           \
    X(_ZnamRKSt9nothrow_t, (size_t size, const void *tag), (size, tag), NEW_ARRAY)                                     \
    X(_ZnwmSt11align_val_t, (size_t size, size_t alignment), (size, alignment), NEW)                                   \
    X(_ZnamSt11align_val_t, (size_t size, size_t alignment), (size, alignment), NEW_ARRAY)                             \
    X(_ZnwmSt11align_val_tRKSt9nothrow_t, (size_t size, size_t alignment, const void *tag), (size, alignment, tag),    \
      NEW)                                                                                                             \
    X(_ZnamSt11align_val_tRKSt9nothrow_t, (size_t size, size_t alignment, const void *tag), (size, alignment, tag),    \
      NEW_ARRAY)

#define DELETES(X)                                                                                                     \
    X(_ZdlPv, (void *p), (p), NEW)                                                                                     \
    X(_ZdaPv, (void *p), (p), NEW_ARRAY)                                                                               \
    X(_ZdlPvm, (void *p, size_t size), (p, size), NEW)                                                                 \
    X(_ZdaPvm, (void *p, size_t size), (p, size), NEW_ARRAY)                                                           \
    X(_ZdlPvRKSt9nothrow_t, (void *p, const void *tag), (p, tag), NEW)                                                 \
    X(_ZdaPvRKSt9nothrow_t, (void *p, const void *tag), (p, tag), NEW_ARRAY)                                           \
    X(_ZdlPvSt11align_val_t, (void *p, size_t alignment), (p, alignment), NEW)                                         \
    X(_ZdaPvSt11align_val_t, (void *p, size_t alignment), (p, alignment), NEW_ARRAY)                                   \
    X(_ZdlPvmSt11align_val_t, (void *p, size_t size, size_t alignment), (p, size, alignment), NEW)                     \
    X(_ZdaPvmSt11align_val_t, (void *p, size_t size, size_t alignment), (p, size, alignment), NEW_ARRAY)               \
    X(_ZdlPvSt11align_val_tRKSt9nothrow_t, (void *p, size_t alignment, const void *tag), (p, alignment, tag), NEW)     \
    X(_ZdaPvSt11align_val_tRKSt9nothrow_t, (void *p, size_t alignment, const void *tag), (p, alignment, tag), NEW_ARRAY)

#define PROTOTYPE_NEW(name, parameters, arguments, form) void *name parameters;
#define PROTOTYPE_DELETE(name, parameters, arguments, form) void name parameters;
NEWS(PROTOTYPE_NEW)
DELETES(PROTOTYPE_DELETE)

/* Twenty functions of one shape: the exception to "no macro makes bodies" (docs/adding-a-wrapper.md). */
#define DEFINE_NEW(name, parameters, arguments, form)                                                                  \
    EXPORT void *name parameters                                                                                       \
    {                                                                                                                  \
        struct thread *t = thread_enter();                                                                             \
        __typeof__(real.name) call = REAL_CXX(name);                                                                   \
        uint64_t calls = t ? t->heap_calls : 0;                                                                        \
        void *block = call arguments;                                                                                  \
        return t && block ? heap_got_new(t, block, size, KIWI_HEAP_##form, calls, CALL_SITE())                         \
                          : heap_got_unseen(block);                                                                    \
    }

#define DEFINE_DELETE(name, parameters, arguments, form)                                                               \
    EXPORT void name parameters                                                                                        \
    {                                                                                                                  \
        struct thread *t = thread_enter();                                                                             \
        __typeof__(real.name) call = REAL_CXX(name);                                                                   \
        if (t && p && suspect_block((uintptr_t)p))                                                                     \
            heap_deletes(t, p, KIWI_HEAP_##form, CALL_SITE());                                                         \
        call arguments;                                                                                                \
    }

NEWS(DEFINE_NEW)
DELETES(DEFINE_DELETE)

bool cxx_heap_is_first(bool (*is_ours)(const void *function))
{
    return is_ours((const void *)_Znwm) && is_ours((const void *)_Znam) && is_ours((const void *)_ZdlPv) &&
           is_ours((const void *)_ZdaPv);
}
