#include "request.h"

#include <stdio.h>
#include <string.h>

static void answer_get(struct backend *backend, char *rest, char *answer)
{
    char value[CACHE_VALUE_BYTES];
    if (cache_get(backend->cache, rest, value))
        snprintf(answer, ANSWER_BYTES, "VALUE %s\n", value);
    else
        snprintf(answer, ANSWER_BYTES, "MISSING\n");
}

static void answer_set(struct backend *backend, char *rest, char *answer)
{
    char *key = strsep(&rest, " ");
    bool stored = cache_set(backend->cache, key, rest ? rest : "");
    audit_note(backend->audit, stored ? "set" : "refused", key);
    snprintf(answer, ANSWER_BYTES, "%s\n", stored ? "STORED" : "REFUSED");
}

static void answer_move(struct backend *backend, char *rest, char *answer)
{
    char *from = strsep(&rest, " ");
    bool moved = rest && cache_move(backend->cache, from, rest);
    audit_note(backend->audit, "move", from);
    snprintf(answer, ANSWER_BYTES, "%s\n", moved ? "MOVED" : "MISSING");
}

static void answer_purge(struct backend *backend, char *rest, char *answer)
{
    size_t dropped = cache_purge(backend->cache, rest);
    audit_note(backend->audit, "purge", rest);
    snprintf(answer, ANSWER_BYTES, "PURGED %zu\n", dropped);
}

static void answer_stats(struct backend *backend, char *rest, char *answer)
{
    (void)rest;
    struct cache_totals totals = cache_stats(backend->cache);
    snprintf(answer, ANSWER_BYTES, "STATS entries=%lu bytes=%lu gets=%lu hits=%lu refused=%lu connections=%u\n",
             totals.entries, totals.bytes, totals.gets, totals.hits, totals.refused,
             connections_count(backend->connections));
}

static const struct {
    const char *verb;
    void (*answer)(struct backend *backend, char *rest, char *answer);
} verbs[] = {
        {"GET", answer_get},     {"SET", answer_set},     {"MOVE", answer_move},
        {"PURGE", answer_purge}, {"STATS", answer_stats},
};

void request_answer(struct backend *backend, char *line, char answer[ANSWER_BYTES])
{
    char none[] = "", *rest = line, *verb = strsep(&rest, " ");
    for (size_t i = 0; i < sizeof verbs / sizeof *verbs; i++) {
        if (strcmp(verb, verbs[i].verb) == 0) {
            verbs[i].answer(backend, rest ? rest : none, answer);
            return;
        }
    }
    snprintf(answer, ANSWER_BYTES, "ERROR unknown request\n");
}
