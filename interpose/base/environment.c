#include "environment.h"

#include "sys.h"

#include <string.h>
#include <sys/mman.h>
#include <unistd.h>

void environment_put(char *entry, size_t name_length)
{
    size_t count = 0;
    for (char **e = environ; e && *e; e++, count++)
        if (strncmp(*e, entry, name_length) == 0) {
            *e = entry;
            return;
        }
    char **larger =
            sys_mmap(NULL, (count + 2) * sizeof *larger, PROT_READ | PROT_WRITE, MAP_PRIVATE | MAP_ANONYMOUS, -1);
    if (sys_failed((long)larger))
        return;
    if (count)
        memcpy(larger, environ, count * sizeof *larger);
    larger[count] = entry;
    environ = larger;
}
