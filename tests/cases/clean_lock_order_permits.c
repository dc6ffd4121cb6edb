// expect: none
// about: four locks are taken in a circle, by threads of which a semaphore lets in only three at a time
#include "table.h"

int main(void)
{
    return dine(SEATS - 1);
}
