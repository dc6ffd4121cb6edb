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
    struct service service;
    int found = 0;
    if (service_start(&service))
        return 1;
    for (int item = 0; item < 150; item++) {
        found += price(item);
        usleep(10000);
    }
    printf("%d prices\n", found);
    return service_end(&service) ? 1 : 0;
}
