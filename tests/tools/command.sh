#!/bin/bash
# kiwi itself: dispatch, help, mistakes, output that can not be written.
. "$(dirname "$0")/lib.bash"

subcommands=$(sed -nE 's/^SUBCOMMAND\(([a-z]+),.*/\1/p' "$ROOT/tools/subcommands.def")

run "$KIWI"
expect "without a subcommand: usage on standard error" 2 "" "^Usage: kiwi"
run "$KIWI" --help
expect "--help lists subcommands" 0 "^  report " ""
run "$KIWI" --version
expect "--version" 0 "^kiwi [0-9]+\.[0-9]+" ""
run "$KIWI" reprot
expect "nearest subcommand is suggested" 2 "" "^kiwi: unknown subcommand 'reprot', did you mean 'report'\?"
run "$KIWI" zzzzzz
expect "nothing near, nothing suggested" 2 "" "^kiwi: unknown subcommand 'zzzzzz' \(see 'kiwi --help'\)$"
run "$KIWI" $'re\npo\ert'
expect "control characters do not reach the terminal" 2 "" "^kiwi: unknown subcommand 're\?po\?rt'"

for name in $subcommands; do
    run "$KIWI" "$name" --help
    expect "$name --help has usage and examples" 0 "^Usage: kiwi $name" ""
    check "$name --help fits 110 columns" test -z "$(grep -E '.{111}' out)"
    check "$name --help has examples" grep -q '^Examples:' out
    cp out first
    run "$KIWI" help "$name"
    check "help $name is the same" cmp first out
    run "$KIWI" "$name" --nonsense
    expect "$name: unknown option" 2 "" "^kiwi: unknown option '--nonsense'.* \(see 'kiwi $name --help'\)$"
    run "$KIWI" "$name" --help=x
    expect "$name: --help takes no value" 2 "" "^kiwi: option '--help' takes no value"
done

run "$KIWI" report --frmat=json x
expect "nearest option is suggested" 2 "" "did you mean --format\?"

if [ -e /dev/full ]; then
    : >out
    "$KIWI" --help >/dev/full 2>err
    # shellcheck disable=SC2034 # expect reads it
    status=$?
    expect "full standard output is an error" 2 "" "^kiwi: cannot write to standard output: No space left"
    "$KIWI" explain >/dev/full 2>err
    # shellcheck disable=SC2034 # expect reads it
    status=$?
    expect "full standard output is an error of subcommands too" 2 "" "^kiwi: cannot write to standard output"
fi
finish
