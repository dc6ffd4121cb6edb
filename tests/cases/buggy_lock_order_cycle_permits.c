// expect: lock-order-cycle CRITICAL
// where: lock-order-cycle eat
// about: four locks are taken in a circle; the semaphore lets in as many threads as there are locks, which keeps nobody apart
#include "table.h"

int main(void)
{
    return dine(SEATS);
}
