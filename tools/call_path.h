/*
 * call_path.h - call paths as the tables of `kiwi show` tell them.
 */
#ifndef KIWI_CALL_PATH_H
#define KIWI_CALL_PATH_H

#include "../analysis/model.h"

#include <jansson.h>
#include <stdio.h>

/* "put cache.c:12 < handle < serve": the place, and who called it, since many paths end in the same helper. */
void call_path_print(struct model *m, uint32_t stack, FILE *out);
/* All its frames, innermost first: "put cache.c:12". NULL when out of memory. */
json_t *call_path_json(struct model *m, uint32_t stack);
#endif
