#!/bin/bash
# The manual pages: one for each subcommand, and they say what the registries and the help say.
. "$(dirname "$0")/lib.bash"
man=$ROOT/docs/man

check "kiwi-run.1 has the options of options.def (docs/man/options brings it up to date)" \
    diff -u "$man/kiwi-run.1" <("$ROOT/docs/man/options" "$KIWI" "$man/kiwi-run.1")

sed -nE 's/^SUBCOMMAND\(([a-z]+),.*/\1/p' "$ROOT/tools/subcommands.def" | while read -r name; do
    check "$name has a page" test -s "$man/kiwi-$name.1"
    check "kiwi.1 names $name" grep -qw "kiwi-$name" "$man/kiwi.1"
    "$KIWI" "$name" --help | grep -oE '^  (-o, )?--[a-z-]+' | sed 's/.*--//' | while read -r option; do
        check "kiwi-$name.1 has --$option" grep -qF -- "\\-\\-${option//-/\\-}" "$man/kiwi-$name.1"
    done
done | tee cases
! grep -q '^not ok' cases
