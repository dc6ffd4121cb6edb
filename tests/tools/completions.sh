#!/bin/bash
# Shell completions: subcommands, options, choices.
. "$(dirname "$0")/lib.bash"
PATH=$BUILD:$PATH
. "$ROOT/tools/completions/kiwi.bash"

complete_words() { # WORD...: what bash offers for the last word
    COMP_WORDS=("$@")
    COMP_CWORD=$(($# - 1))
    COMPREPLY=()
    _kiwi
    printf '%s\n' "${COMPREPLY[@]}" | sort | paste -sd ' '
}
check "subcommands" test "$(complete_words kiwi re)" = report
check "general options" test "$(complete_words kiwi --v)" = --version
check "options" test "$(complete_words kiwi run --dep)" = --depth=
check "options of report" test "$(complete_words kiwi report --o)" = "--only= --output="
check "choices" test "$(complete_words kiwi run --heap = s)" = sample
check "choices of report" test "$(complete_words kiwi report --format = "")" = "json markdown text"
check "tables" test "$(complete_words kiwi show loc)" = locks
check "finding ids" test "$(complete_words kiwi explain lock-order-c)" = lock-order-cycle
touch one.trace
check "files" test "$(complete_words kiwi report on)" = one.trace
if command -v zsh >/dev/null; then
    check "the zsh completion parses" zsh -n "$ROOT/tools/completions/_kiwi"
fi
if command -v fish >/dev/null; then
    check "the fish completion parses" fish --no-execute "$ROOT/tools/completions/kiwi.fish"
fi
finish
