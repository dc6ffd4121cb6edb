/*
 * load.c - dlclose: code addresses may now belong to something else. dlopen has no wrapper, see record/module.h.
 */
#include "../process/enter.h"
#include "../record/module.h"

EXPORT int dlclose(void *handle)
{
    struct thread *t = thread_enter();
    int result = real.dlclose(handle);
    if (t && t->guard == GUARD_IDLE) {
        guard_set(t);
        module_sweep();
        guard_clear(t);
    }
    return result;
}
