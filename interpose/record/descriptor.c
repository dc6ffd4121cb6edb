#include "descriptor.h"

#include "../base/sys.h"

#include <fcntl.h>
#include <sys/stat.h>

static bool is_regular_file(int fd)
{
    struct stat about;
    return sys_failed(sys_call3(SYS_fstat, fd, (long)&about, 0)) || S_ISREG(about.st_mode);
}

bool descriptor_ask(int fd)
{
    long flags = region.frozen ? -1 : sys_call3(SYS_fcntl, fd, F_GETFL, 0);
    if (sys_failed(flags))
        return false;
    bool nonblocking = (flags & O_NONBLOCK) && !is_regular_file(fd);
    RELAXED_STORE(&memory.descriptors[fd], nonblocking ? DESCRIPTOR_NONBLOCKING : DESCRIPTOR_BLOCKING);
    return nonblocking;
}
