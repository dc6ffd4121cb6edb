#include "cxx_runtime.h"

#include "sys.h"

#include <dlfcn.h>
#include <limits.h>
#include <link.h>
#include <string.h>

/* A runtime that is a library of its own serves all who look for one. It is not unloaded, as long as it says that its
 * symbols are unique in the process (libstdc++ does). */
static void *in_shared_runtime(const char *name)
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

/* What others have linked in. A module keeps to its own: it may have an operator new like no other. */

#define KNOWN 32u

static struct {
    const struct link_map *module;
    const char *name; /* by its address */
    void *function;
} known[KNOWN];

static uint32_t known_count, known_version, closing; /* version: odd while it changes */

static bool change_begin(void)
{
    uint32_t version = RELAXED_LOAD(&known_version);
    return !(version & 1) && __atomic_compare_exchange_n(&known_version, &version, version + 1, false, __ATOMIC_ACQ_REL,
                                                         __ATOMIC_RELAXED);
}

static void change_end(void)
{
    __atomic_fetch_add(&known_version, 1, __ATOMIC_RELEASE);
}

static void *find_known(const struct link_map *module, const char *name)
{
    uint32_t version = __atomic_load_n(&known_version, __ATOMIC_ACQUIRE);
    void *function = NULL;
    for (uint32_t i = 0, n = RELAXED_LOAD(&known_count); i < n && i < KNOWN && !function; i++)
        if (RELAXED_LOAD(&known[i].module) == module && RELAXED_LOAD(&known[i].name) == name)
            function = RELAXED_LOAD(&known[i].function);
    __atomic_thread_fence(__ATOMIC_ACQUIRE);
    return !(version & 1) && RELAXED_LOAD(&known_version) == version ? function : NULL;
}

/* While a module is being unloaded, what its destructors look up is not kept. */
static void keep(const struct link_map *module, const char *name, void *function)
{
    if (!change_begin())
        return;
    uint32_t n = RELAXED_LOAD(&known_count);
    if (n < KNOWN && !__atomic_load_n(&closing, __ATOMIC_ACQUIRE)) {
        RELAXED_STORE(&known[n].module, module);
        RELAXED_STORE(&known[n].name, name);
        RELAXED_STORE(&known[n].function, function);
        RELAXED_STORE(&known_count, n + 1);
    }
    change_end();
}

void cxx_runtime_close_begin(void)
{
    __atomic_fetch_add(&closing, 1, __ATOMIC_ACQ_REL);
    while (!change_begin())
        sys_call3(SYS_sched_yield, 0, 0, 0);
    RELAXED_STORE(&known_count, 0);
    change_end();
}

void cxx_runtime_close_end(void)
{
    __atomic_fetch_sub(&closing, 1, __ATOMIC_ACQ_REL);
}

static void *in_module(const char *path, const char *name)
{
    void *handle = dlopen(path, RTLD_LAZY | RTLD_NOLOAD);
    void *found = handle ? dlsym(handle, name) : NULL;
    if (handle)
        real.dlclose(handle);
    if (!found)
        dlerror();
    return found && real_module_of(found) != real_module_of((const void *)cxx_runtime_find) ? found : NULL;
}

struct nth_module {
    uint32_t left;
    char path[PATH_MAX];
};

static int is_nth(struct dl_phdr_info *info, size_t size, void *wanted)
{
    (void)size;
    struct nth_module *nth = wanted;
    if (nth->left--)
        return 0;
    strncpy(nth->path, info->dlpi_name, sizeof nth->path - 1);
    return 1;
}

/* A function that ends with a jump (`~T() { ...; delete p; }`) leaves the address of its own caller, which may be libc.
 * The modules are asked one by one, since none can be opened while they are gone through. */
static void *in_any_module(const char *name)
{
    void *found = NULL;
    struct nth_module nth = {0};
    for (uint32_t i = 0; !found; i++) {
        nth.left = i;
        if (!dl_iterate_phdr(is_nth, &nth))
            return NULL;
        if (*nth.path) /* not the program, whose names were looked at first */
            found = in_module(nth.path, name);
    }
    return found;
}

COLD void *cxx_runtime_find(void **place, const char *name, const void *caller)
{
    const struct link_map *module = real_module_of(caller);
    void *found = find_known(module, name);
    if (found)
        return found;
    if ((found = in_shared_runtime(name))) {
        __atomic_store_n(place, found, __ATOMIC_RELAXED);
        return found;
    }
    found = module && *module->l_name ? in_module(module->l_name, name) : NULL;
    if (!found && !(found = in_any_module(name)))
        __builtin_trap();
    keep(module, name, found);
    return found;
}
