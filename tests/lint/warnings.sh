#!/bin/bash
# Both compilers, every warning an error.
. "$(dirname "$0")/lib.bash"

report_warnings() { # COMPILER
    local log=$BUILD/lint-$1.log
    if make --no-print-directory -k B="$BUILD/lint-$1" CC="$1" WERROR=1 all >"$log" 2>&1; then
        report_case "$1 compiles everything without a warning" ""
    else
        report_case "$1 compiles everything without a warning" "$(grep -E '(error|warning): |undefined reference|\*\*\*' "$log")"
    fi
}

if have clang-14; then
    report_warnings clang-14
else
    skip_case "clang-14 compiles everything without a warning" "not installed"
fi
report_warnings gcc

lint_end
