#!/bin/bash
# Both compilers, every warning an error.
. "$(dirname "$0")/lib.bash"

report_warnings() { # COMPILER
    local log=$BUILD/lint-$1.log
    if make --no-print-directory -k B="$BUILD/lint-$1" CC="$1" WERROR=1 all >"$log" 2>&1; then
        report_case "$1 compiles everything without a warning" ""
    else
        report_case "$1 compiles everything without a warning" "$(grep -E 'error|warning|\*\*\*' "$log")"
    fi
}

have clang-14 && report_warnings clang-14 || skip_case "clang-14 compiles everything without a warning" "not installed"
report_warnings gcc

lint_end
