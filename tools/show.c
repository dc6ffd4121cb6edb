#include "show.h"
#include "json_text.h"

#include <errno.h>
#include <inttypes.h>

static uint32_t shown(const struct show_request *q, uint32_t count)
{
    return q->top && q->top < count ? q->top : count;
}

static int print_text(const struct show_table *table, const struct show_request *q, const struct show_view *v)
{
    uint32_t count = table->count(v->rows), most = shown(q, count);

    table->heading(v, q->out);
    for (uint32_t i = 0; i < most; i++)
        if (table->line(v, i, q->out))
            return -1;
    if (most < count)
        fprintf(q->out, "\n%" PRIu32 " more %s: --top=0 shows them all.\n", count - most, table->what);
    table->footing(v, q->out);
    return 0;
}

static json_t *rows_json(const struct show_table *table, const struct show_view *v, uint32_t most)
{
    json_t *rows = json_array();

    for (uint32_t i = 0; i < most && rows; i++)
        if (json_array_append_new(rows, table->row(v, i)) != 0) {
            json_decref(rows);
            rows = NULL;
        }
    return rows;
}

static json_t *process_json(const struct show_table *table, const struct show_request *q, const struct show_view *v)
{
    json_t *process = json_pack("{s:i, s:o}", "pid", (int)v->facts.pid, "executable", json_text(v->facts.executable));
    json_t *about = table->about(v);

    if (process &&
        (json_object_update(process, about) != 0 ||
         json_object_set_new(process, table->list, rows_json(table, v, shown(q, table->count(v->rows)))) != 0)) {
        json_decref(process);
        process = NULL;
    }
    json_decref(about);
    return process;
}

int show_print(const struct show_table *table, const struct show_request *q, struct model *m, json_t *processes)
{
    struct show_view v = {.rows = table->open(m)};
    int result = v.rows ? table->sort(v.rows, q->sort ? q->sort : table->sorts[0]) : -1;

    trace_facts_read(&v.facts, m->trace);
    if (result == 0)
        result = q->json ? json_array_append_new(processes, process_json(table, q, &v)) : print_text(table, q, &v);
    table->close(v.rows);
    if (result)
        errno = ENOMEM;
    return result;
}
