#include "real.h"

#include "exports.h"
#include "sys.h"

#include <sched.h>
#include <string.h>

/* Until it is found, what comes before the first allocation has nowhere to go. */
static void free_nothing(void *p)
{
    (void)p;
}

struct real_functions real = {.free = free_nothing};
volatile int real_state;
static volatile int looking_tid;

struct wanted {
    const char *name, *version;
    size_t offset;
    enum { REQUIRED, OPTIONAL, LATE } need;
};

static const struct wanted table[] = {
#define WRAP(name) {#name, NULL, offsetof(struct real_functions, name), REQUIRED},
#define WRAPV(name, version) {#name, version, offsetof(struct real_functions, name), REQUIRED},
#define WRAPO(name, signature) {#name, NULL, offsetof(struct real_functions, name), OPTIONAL},
#define WRAPL(name, signature) {#name, NULL, offsetof(struct real_functions, name), LATE},
#include "../wrapped.def"
#undef WRAP
#undef WRAPV
#undef WRAPO
#undef WRAPL
};

static void look_up(int need)
{
    for (size_t i = 0; i < sizeof table / sizeof *table; i++) {
        if ((int)table[i].need != need || (need == OPTIONAL && !exports_behind(table[i].name)))
            continue;
        void *found = table[i].version ? dlvsym(RTLD_NEXT, table[i].name, table[i].version) : NULL;
        if (!found)
            found = dlsym(RTLD_NEXT, table[i].name);
        *(void **)((char *)&real + table[i].offset) = found;
    }
}

/* Those that every process has come first: should dlsym allocate after all, an allocator preloaded in front of this
 * library may start, and call them. Late ones would be missing while that allocator is starting. */
static void look_up_all(void)
{
    look_up(REQUIRED);
    look_up(OPTIONAL);
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

/* The next one; else what the name means to whoever loaded the library, unless that is our own wrapper of it. */
static void *find_in(void *handle, const char *name)
{
    Dl_info ours, theirs;
    void *found = dlsym(RTLD_NEXT, name);
    if (found || !handle)
        return found;
    found = dlsym(handle, name);
    if (!found || !dladdr((const void *)real_find_late, &ours) || !dladdr(found, &theirs))
        return NULL;
    return ours.dli_fbase == theirs.dli_fbase ? NULL : found;
}

COLD void real_find_late(const char *prefix, const char *library, const void *caller)
{
    Dl_info module;
    real_ensure();
    void *handle = library ? dlopen(library, RTLD_LAZY | RTLD_NOLOAD) : NULL;
    if (!handle && dladdr(caller, &module))
        handle = dlopen(module.dli_fname, RTLD_LAZY | RTLD_NOLOAD);
    for (size_t i = 0; i < sizeof table / sizeof *table; i++) {
        void **place = (void **)((char *)&real + table[i].offset);
        if (table[i].need != REQUIRED && !*place && !strncmp(table[i].name, prefix, strlen(prefix)))
            __atomic_store_n(place, find_in(handle, table[i].name), __ATOMIC_RELAXED);
    }
    dlerror(); /* of a name that it lacks */
}
