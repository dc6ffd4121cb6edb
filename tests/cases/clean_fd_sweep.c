// expect: none
// about: closes all numbers that there may be, as daemons do, among them some that were opened and closed before; twice
#include "case.h"

#include <fcntl.h>
#include <unistd.h>

static FRAME void close_all(void)
{
    for (int fd = 3; fd < 300; fd++)
        close(fd);
}

int main(void)
{
    for (int i = 0; i < 20; i++) {
        int fd = open("/dev/null", O_RDONLY), copy = dup(fd);
        require(fd >= 0 && copy >= 0, "descriptors");
        close(fd);
        if (i % 2)
            close(copy);
    }
    close_all();
    close_all();
    for (int fd = 299; fd > 2; fd--)
        close(fd);
    return fcntl(5, F_GETFD) != -1;
}
