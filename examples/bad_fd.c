// expect: bad-fd MEDIUM
// where: bad-fd store
/*
 * store() closes the file when the upload is too short, and then goes to the common end, which closes it again.
 *
 * Kiwi prints bad-fd (MEDIUM): the second close, where the first one was, and where the file had been opened.
 */
#include <fcntl.h>
#include <stdio.h>
#include <unistd.h>

static __attribute__((noinline)) int store(const char *data, size_t size)
{
    int result = -1, fd = open("/dev/null", O_WRONLY | O_CLOEXEC);
    if (fd < 0)
        return -1;
    if (size < 4) {
        close(fd);
        goto end;
    }
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
