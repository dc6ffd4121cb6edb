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
    struct service service;
    int found = 0;
    if (service_start(&service))
        return 1;
    int fd = dial();
    for (int item = 0; item < 150; item++) {
        found += price(fd, item);
        usleep(10000);
    }
    close(fd);
    printf("%d prices\n", found);
    return service_end(&service) ? 1 : 0;
}
