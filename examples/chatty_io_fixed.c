// expect: none
/*
 * As chatty_io.c, but one request asks for all authors of a page.
 *
 * Kiwi prints no finding.
 */
#include "echo_service.h"

static __attribute__((noinline)) int authors(int fd, int first, int count)
{
    char text[SIZE] = "";
    snprintf(text, sizeof text, "authors of %d to %d", first, first + count);
    return ask(fd, text) ? count : 0;
}

static int render(int fd, int page)
{
    return authors(fd, page * 30, 30);
}

int main(void)
{
    struct service service;
    int found = 0;
    if (service_start(&service))
        return 1;
    int fd = dial();
    for (int page = 0; page < 20; page++) {
        found += render(fd, page);
        usleep(20000);
    }
    close(fd);
    printf("%d authors\n", found);
    return service_end(&service) ? 1 : 0;
}
