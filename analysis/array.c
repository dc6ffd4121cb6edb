#include "array.h"

#include <stdlib.h>

#define FIRST 16u

void *array_room(void *items, uint32_t count, uint32_t *capacity, size_t size)
{
    if (count < *capacity)
        return items;
    uint32_t more = *capacity ? 2 * *capacity : FIRST;
    void *grown = more > *capacity ? reallocarray(items, more, size) : NULL;

    if (grown)
        *capacity = more;
    return grown;
}
