/* Loads the plugins that its arguments name, works in each from two threads, unloads it, and does so again. */
#include "../transcript.h"

#include <dlfcn.h>

static int (*work)(int);

static void *in_thread(void *unused)
{
    (void)unused;
    return (void *)(long)work(30);
}

static void once(const char *path, int flags)
{
    void *plugin = dlopen(path, flags);
    if (!plugin) {
        say("dlopen: %s", dlerror());
        return;
    }
    *(void **)&work = dlsym(plugin, "plugin_work");
    say("caught %d", work(10));
    say("caught %ld in a thread", (long)finish(start(in_thread, NULL)));
    say("nothing of that name: %d", dlsym(plugin, "no_such_name") == NULL);
    say("and why: %d", dlerror() != NULL);
    say("and once only: %d", dlerror() != NULL);
    say("dlclose: %d", dlclose(plugin));
}

int main(int argc, char **argv)
{
    if (argc < 2)
        return 2;
    for (int i = 0; i < 3; i++) {
        for (int k = 1; k < argc; k++)
            once(argv[k], RTLD_NOW | RTLD_LOCAL);
        for (int k = 1; k < argc; k++)
            once(argv[k], RTLD_LAZY | RTLD_LOCAL | RTLD_DEEPBIND);
        for (int k = 1; k < argc; k++)
            once(argv[k], RTLD_LAZY | RTLD_GLOBAL);
    }
    dlopen("/nowhere/nothing.so", RTLD_NOW);
    free(malloc(10)); /* must not swallow the host's error */
    const char *error = dlerror();
    say("error: %s", error ? error : "none");
    return 0;
}
