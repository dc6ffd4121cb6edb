#!/bin/bash
# What libkiwi.so brings into a process: exactly the registry's functions, few needs, little thread-local storage.
. "$(dirname "$0")/lib.bash"

library=$BUILD/libkiwi.so
exported() { nm -D --defined-only "$library" | awk '{ print $3 }' | sed 's/@.*//' | sort -u; }
dynamic() { readelf -dW "$library"; }
segments() { readelf -lW "$library"; }

if [ ! -e "$library" ]; then
    report_case "libkiwi.so exists" "$library is missing"
    lint_end
fi

report_case "every wrapped function is exported" "$(comm -13 <(exported) <(wrapped_names))"
report_case "nothing else is exported, but kiwi_*" "$(comm -23 <(exported) <(wrapped_names) | grep -v '^kiwi_')"
report_case "no unwinder is exported" "$(exported | grep -E '^(_?_?unw_|_Unwind_|kiwi_unwind_)')"
report_case "exports carry no symbol version" "$(nm -D --defined-only "$library" | grep '@')"
report_case "needs libc and the loader only" \
    "$(dynamic | sed -n 's/.*(NEEDED).*\[\(.*\)\]/\1/p' | grep -vxE 'libc\.so\.6|ld-linux-x86-64\.so\.2')"
report_case "no text relocations" "$(dynamic | grep -E 'TEXTREL')"
report_case "bound at load time" "$(dynamic | grep -qE 'BIND_NOW|FLAGS.*NOW' || echo 'no BIND_NOW')"
report_case "relocated data is read-only" "$(segments | grep -q GNU_RELRO || echo 'no GNU_RELRO segment')"
report_case "no executable stack" "$(segments | grep GNU_STACK | grep E | grep -v 'RW ')"
tls_size=$(segments | awk '$1 == "TLS" { print $6 }')
report_case "thread-local storage fits 256 bytes" "$([ $((tls_size)) -le 256 ] || echo "TLS segment: $tls_size bytes")"
report_case "thread-local storage needs no call" "$(nm -Du "$library" | grep __tls_get_addr)"
lint_end
