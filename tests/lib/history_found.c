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

int history_set_up(void **state)
{
    *state = history_open();
    return 0;
}

int history_tear_down(void **state)
{
    history_close(*state);
    return 0;
}

void history_assert_silent(struct history *h)
{
    const struct review *r = history_review(h);

    if (r->findings.count)
        fail_msg("found: %s", r->findings.items[0]->title);
}

const struct finding *history_assert_one(struct history *h, enum finding_id id, enum severity severity)
{
    const struct review *r = history_review(h);
    const struct finding *f = history_find(r, id);

    assert_int_equal(r->findings.count, 1);
    assert_int_equal(f->severity, severity);
    return f;
}
