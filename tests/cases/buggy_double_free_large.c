// expect: double-free CRITICAL
// where: double-free page_drop
// status: any
// about: a page of 5,000 bytes is dropped by its list and by its reader, where blocks are followed one in thousands: glibc has no mark for such a large one
#include "traffic.h"

struct page {
    char *bytes, *index;
};

static FRAME void page_drop(char *bytes)
{
    free(bytes);
}

int main(void)
{
    traffic();
    for (int i = 0; i < 20; i++) {
        struct page p = {malloc(5000), malloc(100)};
        require(p.bytes && p.index, "memory");
        memset(p.bytes, 'x', 5000);
        page_drop(p.bytes);
        if (i == 15)
            page_drop(p.bytes);
        free(p.index);
    }
    puts("done");
    return 0;
}
