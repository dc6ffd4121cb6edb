// expect: conn-churn MEDIUM
// where: conn-churn price
/*
 * price() dials the price service for every item and hangs up after the answer.
 *
 * Kiwi prints conn-churn (MEDIUM): how many connections were made to one address, and how short they lived.
 */
#include "echo_service.h"

static __attribute__((noinline)) int price(int item)
{
    char text[SIZE] = "";
    int fd = dial(), known;
    snprintf(text, sizeof text, "item %d", item);
    known = fd >= 0 && ask(fd, text);
    close(fd);
    return known;
}

int main(void)
{
    pthread_t id;
    char text[SIZE] = "";
    int found = 0, listener = listening();
    if (listener < 0 || pthread_create(&id, NULL, serve, &listener))
        return 1;
    for (int item = 0; item < 150; item++) {
        found += price(item);
        usleep(10000);
    }
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
