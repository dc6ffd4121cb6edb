// expect: none
/*
 * As conn_churn.c, but the connection is kept for the next item.
 *
 * Kiwi prints no finding.
 */
#include "echo_service.h"

static __attribute__((noinline)) int price(int fd, int item)
{
    char text[SIZE] = "";
    snprintf(text, sizeof text, "item %d", item);
    return ask(fd, text);
}

int main(void)
{
    pthread_t id;
    char text[SIZE] = "";
    int found = 0, listener = listening();
    if (listener < 0 || pthread_create(&id, NULL, serve, &listener))
        return 1;
    int fd = dial();
    for (int item = 0; item < 150; item++) {
        found += price(fd, item);
        usleep(10000);
    }
    close(fd);
    text[0] = 'q';
    int last = dial();
    if (send(last, text, SIZE, MSG_NOSIGNAL) != SIZE)
        return 1;
    pthread_join(id, NULL);
    close(last);
    close(listener);
    printf("%d prices\n", found);
    return 0;
}
