#include "real.h"

#include "sys.h"

#include <sched.h>

struct real_functions real;
volatile int real_state;
static volatile int looking_tid;

struct wanted {
    const char *name, *version;
    size_t offset;
    bool optional;
};

static const struct wanted table[] = {
#define WRAP(name) {#name, NULL, offsetof(struct real_functions, name), false},
#define WRAPV(name, version) {#name, version, offsetof(struct real_functions, name), false},
#define WRAPO(name, signature) {#name, NULL, offsetof(struct real_functions, name), true},
#include "../wrapped.def"
#undef WRAP
#undef WRAPV
#undef WRAPO
};

static void look_up(bool optional)
{
    for (size_t i = 0; i < sizeof table / sizeof *table; i++) {
        if (table[i].optional != optional)
            continue;
        void *found = table[i].version ? dlvsym(RTLD_NEXT, table[i].name, table[i].version) : NULL;
        if (!found)
            found = dlsym(RTLD_NEXT, table[i].name);
        *(void **)((char *)&real + table[i].offset) = found;
    }
}

/* Those that every process has come first: a name that is not found makes dlsym allocate, and an allocator preloaded in
 * front of this library may then start, and call them. */
static void look_up_all(void)
{
    look_up(false);
    look_up(true);
    /* A name that this process lacks (no libstdc++) left an error behind that is not the service's. */
    dlerror();
}

COLD bool real_ensure(void)
{
    if (__atomic_load_n(&real_state, __ATOMIC_ACQUIRE) == REAL_READY)
        return true;
    int me = sys_gettid(), unknown = REAL_UNKNOWN;
    if (__atomic_compare_exchange_n(&real_state, &unknown, REAL_LOOKING, false, __ATOMIC_ACQUIRE, __ATOMIC_ACQUIRE)) {
        looking_tid = me;
        look_up_all();
        __atomic_store_n(&real_state, REAL_READY, __ATOMIC_RELEASE);
        return true;
    }
    if (looking_tid == me)
        return false;
    while (__atomic_load_n(&real_state, __ATOMIC_ACQUIRE) != REAL_READY)
        sys_call3(SYS_sched_yield, 0, 0, 0);
    return true;
}

void *real_from_cxx_runtime(const char *name)
{
    static const char *const runtimes[] = {"libstdc++.so.6", "libc++.so.1"};
    for (size_t i = 0; i < sizeof runtimes / sizeof *runtimes; i++) {
        void *handle = dlopen(runtimes[i], RTLD_LAZY | RTLD_NOLOAD);
        void *found = handle ? dlsym(handle, name) : NULL;
        if (handle)
            real.dlclose(handle);
        if (!found)
            dlerror(); /* a runtime that is not even installed leaves an error that is not the service's */
        if (found)
            return found;
    }
    return NULL;
}
