/* start.c - the call of main, for what its variables still refer to when it returns. */
#include "../process/leaks.h"
#include "../process/process.h"

static int (*service_main)(int argc, char **argv, char **environment);

static NOINLINE int call_main(int argc, char **argv, char **environment)
{
    leaks_hook();
    int status = service_main(argc, argv, environment);
    if (leak_is_wanted())
        leaks_keep_stack();
    return status;
}

typedef int start_main(int (*)(int, char **, char **), int, char **, void (*)(void), void (*)(void), void (*)(void),
                       void *);

extern start_main __libc_start_main;

EXPORT int __libc_start_main(int (*main)(int, char **, char **), int argc, char **argv, void (*init)(void),
                             void (*fini)(void), void (*rtld_fini)(void), void *stack_end)
{
    service_main = main;
    real_ensure();
    return real.__libc_start_main(process_state == PROCESS_RECORDING ? call_main : main, argc, argv, init, fini,
                                  rtld_fini, stack_end);
}
