#!/bin/bash
# kiwi run says why a command can not be recorded, before it runs.
. "$(dirname "$0")/lib.bash"

cat >program.c <<'SOURCE'
#include <fcntl.h>
int main(void) { return open("ran", O_CREAT | O_WRONLY, 0600) < 0; }
SOURCE
gcc program.c -o dynamic
gcc -static program.c -o static
gcc -static-pie program.c -o static_pie 2>/dev/null || cp static static_pie

run "$KIWI" run nosuchcommand
expect "not in PATH" 127 "" "^kiwi: cannot run 'nosuchcommand': command not found$"
run "$KIWI" run ./nosuch
expect "no such file" 127 "" "^kiwi: cannot run './nosuch': No such file or directory$"
run "$KIWI" run ""
expect "an empty name" 127 "" "^kiwi: cannot run ''"
run "$KIWI" run ./program.c
expect "not executable" 126 "" "^kiwi: cannot run './program.c': Permission denied$"
run "$KIWI" run ./
expect "a directory" 126 "" "^kiwi: cannot run './': Is a directory$"

for program in static static_pie; do
    run "$KIWI" run "./$program"
    expect "$program" 125 "" "^kiwi: cannot record './$program': it is statically linked"
done

cp dynamic setuid
chmod 4755 setuid
if findmnt -no OPTIONS -T . 2>/dev/null | grep -qw nosuid; then
    skip "set-uid" "the file system does not honour it"
elif [ "$(id -u)" = 0 ]; then
    run "$KIWI" run ./setuid
    expect "set-uid to root, run by root, is no obstacle" 0 "" ""
    rm -f ran ./*.trace
    chown 65534 setuid
    chmod 4755 setuid
    run "$KIWI" run ./setuid
    expect "set-uid" 125 "" "^kiwi: cannot record './setuid': it is set-uid \(user 65534\)"
    cp dynamic setgid
    chgrp 65534 setgid
    chmod 2755 setgid
    run "$KIWI" run ./setgid
    expect "set-gid" 125 "" "^kiwi: cannot record './setgid': it is set-gid \(group 65534\)"
    if command -v setpriv >/dev/null; then
        chmod 755 .
        run setpriv --no-new-privs "$KIWI" run --out=nnp ./setuid
        expect "set-uid that the kernel will not honour is no obstacle" 0 "" ""
        rm -f ran
    fi
else
    skip "set-uid" "needs root"
fi

patched() { # NAME OFFSET BYTES: a copy of dynamic with other bytes at an offset
    cp dynamic "$1"
    printf '%b' "$3" | dd of="$1" bs=1 seek="$2" conv=notrunc status=none
}
patched aarch64 18 '\xb7\x00'
run "$KIWI" run ./aarch64
expect "other architecture" 125 "" "it is a 64-bit aarch64 program and libkiwi.so is 64-bit x86-64"
patched small 4 '\x01'
run "$KIWI" run ./small
expect "32-bit or damaged" 125 "" "^kiwi: cannot record './small': "
patched headless 32 '\xff\xff\xff\xff\xff\xff\xff\x7f'
run "$KIWI" run ./headless
expect "damaged program headers" 125 "" "^kiwi: cannot record './headless': "
head -c 20 dynamic >stump
chmod +x stump
run "$KIWI" run ./stump
expect "cut off" 125 "" "^kiwi: cannot record './stump': "
if gcc program.c -o musl -Wl,--dynamic-linker=/lib/ld-musl-x86_64.so.1 2>/dev/null; then
    run "$KIWI" run ./musl
    expect "other C library" 125 "" "it uses the loader /lib/ld-musl-x86_64.so.1 and libkiwi.so needs glibc"
fi

script() { # NAME FIRST_LINE
    printf '%s\n' "$2" 'touch ran' >"$1"
    chmod +x "$1"
}
script by_static "#!$PWD/static -x"
run "$KIWI" run ./by_static
expect "a script with a static interpreter" 125 "" "^kiwi: cannot record script './by_static' by its interpreter: .*statically linked"
script by_script "#!$PWD/by_static"
run "$KIWI" run ./by_script
expect "a script of a script" 125 "" "statically linked"
script by_nothing "#!/nowhere/sh"
run "$KIWI" run ./by_nothing
expect "no interpreter" 127 "" "its interpreter '/nowhere/sh' does not exist"
script by_source "#!$PWD/program.c"
run "$KIWI" run ./by_source
expect "an interpreter that is not executable" 126 "" "its interpreter '.*/program.c' is not executable"
script by_itself "#!$PWD/by_itself"
run "$KIWI" run ./by_itself
expect "an endless chain of interpreters" 126 "" "chain that is too long"

check "nothing of all this ran" test ! -e ran

script by_shell "#!/bin/sh"
run "$KIWI" run ./by_shell
expect "a shell script runs" 0 "" ""
check "and did its work" test -e ran
rm ran
script plain "touch ran"
run "$KIWI" run ./plain
expect "a script without #! runs by the shell" 0 "" ""
check "and did its work, too" test -e ran
run "$KIWI" run /lib64/ld-linux-x86-64.so.2 ./dynamic
expect "a program started through the loader" 0 "" ""
PATH=$PWD:$PATH
chmod 644 dynamic
mkdir bin && gcc program.c -o bin/dynamic
PATH=$PWD:$PWD/bin
run "$KIWI" run dynamic
expect "what is not executable in PATH is passed over" 0 "" ""
PATH=/usr/bin:/bin
if gcc -fsanitize=address program.c -o sanitized 2>/dev/null; then
    run env ASAN_OPTIONS=detect_leaks=0 "$KIWI" run ./sanitized
    expect "a program with a sanitizer starts" 0 "" ""
fi
finish
