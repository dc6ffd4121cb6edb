// expect: chatty-io MEDIUM
// where: chatty-io author
/*
 * render() shows a page of thirty posts, and asks for the author of each with a request of its own.
 *
 * Kiwi prints chatty-io (MEDIUM): how many round trips followed each other, how often, and what they took.
 */
#include "echo_service.h"

static __attribute__((noinline)) int author(int fd, int post)
{
    char text[SIZE] = "";
    snprintf(text, sizeof text, "author of %d", post);
    return ask(fd, text);
}

static int render(int fd, int page)
{
    int found = 0;
    for (int post = 0; post < 30; post++)
        found += author(fd, page * 30 + post);
    return found;
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
