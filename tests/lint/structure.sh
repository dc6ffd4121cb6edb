#!/bin/bash
# The shape of the tree: which part may include which, what the recorder may call, how long things may get.
. "$(dirname "$0")/lib.bash"

# Headers that the objects of a part were really compiled with, from the compiler's own dependency files.
included_by() { # PART
    cat "$BUILD"/obj/"$1"/**/*.d | tr -s ' ' '\n' | grep -E '^[a-z].*\.(h|def|c)$' | while read -r file; do
        realpath -m --relative-to=. "$file"
    done | sort -u
}

report_case "interpose/ includes nothing of analysis/ or tools/" "$(included_by interpose | grep -E '^(analysis|tools)/')"
report_case "analysis/ sees only the trace format and the registries of interpose/" \
    "$(included_by analysis | grep '^interpose/' | grep -vE '^interpose/(trace_format\.h|trace/[a-z]+\.h|[a-z]+\.def)$')"
report_case "tools/ see no more of interpose/, but the options" \
    "$(included_by tools | grep '^interpose/' | grep -vE '^interpose/(trace_format\.h|trace/[a-z]+\.h|[a-z]+\.def|base/(options\.[ch]|line\.h))$')"
report_case "analysis/ includes nothing of tools/" "$(included_by analysis | grep '^tools/')"

# The recorder's objects must not refer to a function that may lock, allocate, print or be wrapped: inside the
# service such a call would come back into the recorder. recorder-calls.allowed names the exceptions.
banned='malloc|calloc|realloc|reallocarray|free|posix_memalign|aligned_alloc|strdup|strndup|v?f?printf|v?s?n?printf|v?asprintf'
banned+='|v?dprintf|v?f?scanf|f(open|close|read|write|puts|putc|flush|gets|dopen)|puts|putchar|perror|stdout|stderr|pthread_.*'
banned+='|sem_.*|exit|abort|system|setenv|putenv|unsetenv|strerror|localtime(_r)?|qsort|getaddrinfo|syslog|__tls_get_addr'
banned="^($(wrapped_names | paste -sd '|')|$banned)$"
allowed=$(sed -nE 's/^([A-Za-z_]+) .*/\1/p' tests/lint/recorder-calls.allowed)
banned_calls() {
    local object
    for object in "$BUILD"/obj/interpose/**/*.o; do
        nm -u "$object" | awk '{ print $2 }' | grep -E "$banned" | grep -vxF "$allowed" | sed "s|^|${object#"$BUILD"/obj/}: |"
    done
}
report_case "the recorder calls no wrapped and no banned function" "$(banned_calls)"

sources=$(tracked .c .h .cpp)
too_long_files() {
    wc -l $sources | awk '$2 != "total" && $1 > 700 { print $2 ": " $1 " lines" }'
}
report_case "no source file is longer than 700 lines" "$(too_long_files)"
report_case "no function is longer than 80 lines" "$(awk '
    FNR == 1            { start = 0 }
    /^\{/               { start = FNR }
    /^\}/ && start      { if (FNR - start > 80) print FILENAME ":" start ": " FNR - start " lines"; start = 0 }' $sources)"
report_case "no line is wider than 120 columns" "$(grep -nE '^.{121,}' $sources | grep -vE '^tests/cases/[^:]*:[0-9]*:// (about|expect|where): ' | cut -c1-100)"
report_case "no unfinished places" "$(grep -nwE 'T[O]DO|FIX[M]E|X[X]X|HA[C]K' $sources | cut -c1-120)"
report_case "no trailing space or tab indentation in sources" "$(grep -nE '[[:space:]]$|^	' $sources | cut -c1-100)"

untested() {
    local module through
    for module in analysis/*.h interpose/record/*.h; do
        grep -qrE "include .*[\"/]$(basename "$module")\"" tests/unit tests/detect tests/lib && continue
        through=$(awk -v module="$module" '$1 == module { print $2 }' tests/lint/tested-through)
        [ -e "${through:-none}" ] || echo "$module is included by no unit test"
    done
}
report_case "every module of analysis/ and interpose/record/ has its unit test" "$(untested)"

report_case "no paths of one machine in the tree" \
    "$(tracked | grep -v '^tests/lint/structure.sh$' | xargs grep -nIE '(^|[^A-Za-z0-9_.$}])/(work|root|home|Users)/[a-z]' |
        cut -c1-120)"

lint_end
