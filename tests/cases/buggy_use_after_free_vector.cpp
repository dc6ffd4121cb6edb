// expect: use-after-free CRITICAL
// where: use-after-free main
// options: heap=exact
// status: any
// about: a pointer to an element is kept while the vector grows into another block, and written through
#include "case.h"

#include <vector>

static FRAME void counters_grow(std::vector<long> &counters)
{
    counters.resize(counters.size() * 100);
}

int main()
{
    std::vector<long> counters(20, 1);
    long *volatile first = &counters[3];
    counters_grow(counters);
    *first = 7;
    printf("%ld\n", counters[3]);
    return 0;
}
