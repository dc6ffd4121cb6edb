/* GLib comes with a plugin, and for it alone: nothing in this program knows of it when it starts. */
#include <dlfcn.h>
#include <stdio.h>

int main(int argc, char **argv)
{
    void *plugin = argc > 1 ? dlopen(argv[1], RTLD_NOW | RTLD_LOCAL) : NULL;
    int (*run)(int) = plugin ? (int (*)(int))dlsym(plugin, "plugin_run") : NULL;
    if (!run) {
        fprintf(stderr, "no plugin: %s\n", dlerror());
        return 1;
    }
    printf("the plugin counted %d, and %d\n", run(1000), run(1000));
    dlclose(plugin);
    return 0;
}
