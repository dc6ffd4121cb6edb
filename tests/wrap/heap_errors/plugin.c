/* Works with the malloc that its own C library brings, and leaves nothing behind. */
#include <stdlib.h>
#include <string.h>

int work(int blocks)
{
    char **all = calloc((size_t)blocks, sizeof *all);
    int sum = 0;
    for (int i = 0; all && i < blocks; i++) {
        all[i] = malloc((size_t)i + 1);
        memset(all[i], 1, (size_t)i + 1);
        all[i] = realloc(all[i], (size_t)i * 3 + 1);
        sum += all[i][i];
    }
    for (int i = 0; all && i < blocks; i++)
        free(all[i]);
    free(all);
    return sum;
}
