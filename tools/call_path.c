#include "call_path.h"

#include "json_text.h"

#include "../analysis/place.h"

#define CALLERS_MAX 3u /* shown behind the place itself */
#define PLACE_SIZE 256

void call_path_print(struct model *m, uint32_t stack, FILE *out)
{
    unsigned frames = place_frames(m->trace, m->symbols, stack), shown = 0;
    bool begun = false;
    char text[PLACE_SIZE];

    fputs(model_site(m, stack), out);
    for (unsigned i = 0; i < frames && shown <= CALLERS_MAX; i++) {
        struct symbol_frame f = place_frame(m->trace, m->symbols, stack, i);

        if (f.internal && !begun)
            continue;
        if (begun && f.internal)
            break;
        if (begun)
            fprintf(out, " < %s", place_function(&f, text, sizeof text)[0] ? text : place_text(&f, text, sizeof text));
        begun = true;
        shown++;
    }
}

json_t *call_path_json(struct model *m, uint32_t stack)
{
    unsigned count = place_frames(m->trace, m->symbols, stack);
    json_t *frames = json_array();
    char text[PLACE_SIZE];

    for (unsigned i = 0; i < count && frames; i++) {
        struct symbol_frame f = place_frame(m->trace, m->symbols, stack, i);

        if (json_array_append_new(frames, json_text(place_text(&f, text, sizeof text))) != 0) {
            json_decref(frames);
            frames = NULL;
        }
    }
    return frames;
}
