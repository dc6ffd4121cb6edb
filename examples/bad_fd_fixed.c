// expect: none
/*
 * As bad_fd.c, but the file is closed at the common end alone.
 *
 * Kiwi prints no finding.
 */
#include <fcntl.h>
#include <stdio.h>
#include <unistd.h>

static __attribute__((noinline)) int store(const char *data, size_t size)
{
    int result = -1, fd = open("/dev/null", O_WRONLY | O_CLOEXEC);
    if (fd < 0)
        return -1;
    if (size < 4)
        goto end;
    result = write(fd, data, size) == (ssize_t)size ? 0 : -1;
end:
    close(fd);
    return result;
}

int main(void)
{
    int stored = 0;
    for (size_t size = 0; size < 12; size++)
        stored += store("an upload of text", size) == 0;
    printf("%d uploads stored\n", stored);
    return 0;
}
