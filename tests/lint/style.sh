#!/bin/bash
# Formatting and static analysis.
. "$(dirname "$0")/lib.bash"

misformatted() {
    local file
    tracked .c .h .cpp | while read -r file; do
        clang-format-14 "$file" | cmp -s - "$file" || echo "$file: run make format"
    done
}
if have clang-format-14; then
    report_case "sources are formatted" "$(misformatted)"
else
    skip_case "sources are formatted" "clang-format-14 is not installed"
fi

if have cppcheck; then
    run_case "cppcheck finds nothing" cppcheck --quiet --std=c11 --enable=warning,performance,portability -j2 \
        --inline-suppr --error-exitcode=1 --suppressions-list=tests/lint/cppcheck.suppressions \
        -I. -Iinterpose -Ianalysis --library=posix --library=gnu -D__x86_64__ -D__linux__ -D_GNU_SOURCE \
        -DKIWI_VERSION='"0"' interpose analysis tools
else
    skip_case "cppcheck finds nothing" "not installed"
fi

scripts=$(tracked | while read -r file; do
    head -c 64 "$file" | head -n 1 | grep -qE '^#!/bin/(ba)?sh' && echo "$file"
done)
if have shellcheck; then
    # SC1091, SC2154: a sourced library is checked on its own, and defines what its users refer to. SC2086: lists of
    # files are split on purpose.
    run_case "shellcheck finds nothing" shellcheck -S warning -x -e SC1091,SC2154,SC2086 $scripts
else
    skip_case "shellcheck finds nothing" "not installed"
fi
report_case "scripts can be executed" "$(for script in $scripts; do [ -x "$script" ] || echo "$script"; done)"

lint_end
