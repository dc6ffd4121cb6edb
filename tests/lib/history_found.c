/* history.h: what a review found, by the id of the finding. */
#include "history.h"

#include <setjmp.h>
#include <stdarg.h>

#include <cmocka.h>

unsigned history_count(const struct review *r, enum finding_id id)
{
    unsigned count = 0;

    for (unsigned i = 0; i < r->findings.count; i++)
        count += r->findings.items[i]->id == id;
    return count;
}

const struct finding *history_find(const struct review *r, enum finding_id id)
{
    for (unsigned i = 0; i < r->findings.count; i++)
        if (r->findings.items[i]->id == id)
            return r->findings.items[i];
    fail_msg("no %s was found", finding_info(id)->id);
    return NULL;
}
