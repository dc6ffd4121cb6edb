# Sourced by the scripts of this directory: one program bare and recorded, in a place of its own.
#
#   same "title" COMMAND...            the same output, messages and exit status; counts as one test case
#   OPTIONS=depth=4 same ...           with more recording options
#   TRACES=directory ...               where the traces go, if OPTIONS has an out= of its own
#   BEFORE=lib.so AFTER=lib.so same .. with other libraries preloaded before or after libkiwi
set -u
library=$KIWI_BUILD/libkiwi.so
kiwi=$KIWI_BUILD/kiwi
scratch=$(mktemp -d) || exit 1
trap 'cleanup; rm -rf $(find "$scratch" -lname "/dev/shm/kiwi-*" -printf "%l ") "$scratch"' EXIT
cleanup() { :; }

ok() { echo "ok - $1"; }

not_ok() { # TITLE [FILE_THAT_SAYS_WHY]
    echo "not ok - $1"
    [ $# -lt 2 ] || head -n 20 "$2" | sed 's/^/# /'
}

check() { # TITLE COMMAND...
    local title=$1
    shift
    if "$@" >"$scratch/why" 2>&1; then ok "$title"; else not_ok "$title" "$scratch/why"; fi
}

bare() { # COMMAND... -> bare.out bare.err bare.status
    timeout 60 env ${BEFORE+"LD_PRELOAD=$BEFORE ${AFTER-}"} \
        ${AFTER+"LD_PRELOAD=${BEFORE-} $AFTER" "KIWI_OPTIONS=out=$scratch/bare.%p.trace"} "$@" \
        >"$scratch/bare.out" 2>"$scratch/bare.err" </dev/null
    echo $? >"$scratch/bare.status"
}

recorded() { # COMMAND... -> kiwi.out kiwi.err kiwi.status
    timeout 60 env LD_PRELOAD="${BEFORE-} $library ${AFTER-}" KIWI_OPTIONS="out=$scratch/%p.trace${OPTIONS:+:$OPTIONS}" "$@" \
        >"$scratch/kiwi.out" 2>"$scratch/kiwi.err" </dev/null
    echo $? >"$scratch/kiwi.status"
}

alike() {
    diff "$scratch/bare.out" "$scratch/kiwi.out" && diff "$scratch/bare.err" "$scratch/kiwi.err" &&
        diff "$scratch/bare.status" "$scratch/kiwi.status"
}

readable() {
    "$kiwi" report "${TRACES:-$scratch}"/*.trace >"$scratch/report" 2>&1
    [ $? -le 1 ] || { tail -n 3 "$scratch/report" && false; }
}

clear_traces() { rm -rf $(readlink -m "$scratch"/*.trace*) "$scratch"/*.trace*; }

same() { # TITLE COMMAND...
    local title=$1
    shift
    bare "$@"
    recorded "$@"
    check "$title" eval 'alike && readable'
    clear_traces
}

skip() { echo "ok - $1 # SKIP $2"; }

# The library's warnings are lines that begin with "kiwi: ".
warnings() { grep -c '^kiwi: ' "$scratch/kiwi.err"; }
without_warnings() { grep -v '^kiwi: ' "$scratch/kiwi.err" >"$scratch/kept"; mv "$scratch/kept" "$scratch/kiwi.err"; }

one_warning() { # TITLE COMMAND... : as same, but one line of the library's and no trace
    local title=$1
    shift
    bare "$@"
    recorded "$@"
    local said
    said=$(warnings)
    without_warnings
    check "$title" alike
    if [ "$said" = 1 ]; then ok "$title: one warning"; else
        echo "not ok - $title: one warning, not $said"
    fi
    clear_traces
}
