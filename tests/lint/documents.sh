#!/bin/bash
# The documents say everything that the registries have, and their links lead somewhere.
. "$(dirname "$0")/lib.bash"

undocumented() { # FILE... reads names from standard input
    local name
    while read -r name; do
        sed 's/\\-/-/g' "$@" 2>&1 | grep -qwF -- "$name" || echo "$name is not in $*"
    done
}

pages=(docs/man/*.[1-8])
for page in "${pages[@]}"; do
    if have mandoc; then # a page has no date of its own: it belongs to a version
        report_case "$(basename "$page") is sound" "$(mandoc -T lint -W warning "$page" 2>&1 | grep -v 'missing date')"
    else
        skip_case "$(basename "$page") is sound" "mandoc is not installed"
    fi
done

if [ -e analysis/findings.def ]; then
    finding_ids() { sed -nE 's/^[[:space:]]*FINDING\([^"]*"([a-z-]+)".*/\1/p' analysis/findings.def; }
    report_case "every finding is in docs/findings.md" "$(finding_ids | undocumented docs/findings.md)"
    decided_ids() {
        sed -nE 's/^DECIDES\([a-z_]+, *([A-Z_]+)\).*/\1/p' analysis/detectors/detectors.def | while read -r name; do
            sed -nE "s/^[[:space:]]*FINDING\($name, *\"([a-z-]+)\".*/\1/p" analysis/findings.def
        done
    }
    report_case "every decided finding has an example and its mended twin" "$(decided_ids | while read -r id; do
        ls examples/"${id//-/_}".c* examples/"${id//-/_}"_fixed.c* >/dev/null || echo "$id"
    done 2>&1)"
fi

if [ -e interpose/options.def ]; then
    option_names() { sed -nE 's/^[[:space:]]*OPTION[A-Z_]*\([^"]*"([a-z-]+)".*/\1/p' interpose/options.def; }
    report_case "every option is in the manual of kiwi run" "$(option_names | undocumented docs/man/kiwi-run.1)"
fi

subcommands() { for file in tools/cmd_*.c; do basename "$file" .c | sed 's/^cmd_//'; done; }
report_case "every subcommand has a manual page" "$(subcommands | while read -r name; do
    [ -e "docs/man/kiwi-$name.1" ] || echo "docs/man/kiwi-$name.1 is missing"
done)"

broken_links() {
    local file target
    tracked .md | while read -r file; do
        grep -oE '\]\([^)#]+' "$file" | sed 's/^](//' | grep -vE '^(https?|mailto):' | while read -r target; do
            [ -e "$(dirname "$file")/$target" ] || echo "$file: $target"
        done
    done
}
report_case "links between documents lead somewhere" "$(broken_links)"
report_case "README.md has fewer than 200 lines" "$(awk 'END { if (NR >= 200) print NR " lines" }' README.md 2>&1)"

lint_end
