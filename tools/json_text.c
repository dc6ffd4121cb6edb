#include "json_text.h"

#include "../analysis/text.h"

#include <stdlib.h>
#include <string.h>

json_t *json_text(const char *raw)
{
    char *copy = strdup(raw);
    json_t *string;

    if (!copy)
        return NULL;
    text_clean(copy, strlen(copy));
    string = json_string(copy);
    free(copy);
    return string;
}
