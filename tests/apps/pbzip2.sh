#!/bin/bash
# pbzip2: compression and decompression by a pool of threads, byte for byte as bare.
# shellcheck disable=SC2317 # compare calls the functions
# shellcheck source=tests/apps/lib.bash
. "$(dirname "$0")/lib.bash"
app_begin pbzip2 sha256sum

session() { # MODE
    seq 1 700000 >input
    under "$1" pbzip2 -p4 -1 -c input >input.bz2 || return
    sha256sum input.bz2
    under "$1" pbzip2 -p4 -d -c input.bz2 | cmp - input && echo "decompressed"
    under "$1" pbzip2 -p4 -t input.bz2 2>&1
}

compare "pbzip2 compresses as bare" 0 session
no_critical "pbzip2: no critical finding"
app_end
