/*
 * load.c - dlclose: code addresses may now belong to something else. dlopen has no wrapper, see record/module.h.
 */
#include "../base/cxx_runtime.h"
#include "../process/enter.h"
#include "../record/module.h"

EXPORT int dlclose(void *handle)
{
    struct thread *t = thread_enter();
    cxx_runtime_close_begin();
    int result = real.dlclose(handle);
    cxx_runtime_close_end();
    if (t && t->guard == GUARD_IDLE) {
        guard_set(t);
        module_sweep();
        guard_clear(t);
    }
    return result;
}
