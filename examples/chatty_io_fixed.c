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
    pthread_t id;
    char text[SIZE] = "";
    int found = 0, listener = listening();
    if (listener < 0 || pthread_create(&id, NULL, serve, &listener))
        return 1;
    int fd = dial();
    for (int page = 0; page < 20; page++) {
        found += render(fd, page);
        usleep(20000);
    }
    close(fd);
    text[0] = 'q';
    int last = dial();
    if (send(last, text, SIZE, MSG_NOSIGNAL) != SIZE)
        return 1;
    pthread_join(id, NULL);
    close(last);
    close(listener);
    printf("%d authors\n", found);
    return 0;
}
