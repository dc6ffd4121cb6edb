/* traffic.h - so many blocks made and freed that the recorder follows one in thousands of those that come after. */
#ifndef KIWI_CASES_TRAFFIC_H
#define KIWI_CASES_TRAFFIC_H

#include "case.h"

static FRAME void traffic(void)
{
    for (int i = 0; i < 40000; i++) {
        char *line = malloc(24 + (size_t)i % 500), *page = malloc(2000);
        require(line && page, "memory");
        line[0] = page[0] = 1;
        free(line);
        free(page);
    }
}
#endif
