# fish completion for kiwi. Subcommands and options come from kiwi's own help, so they are always those of this version.

function __kiwi_subcommands
    kiwi --help 2>/dev/null | string replace -rf '^  ([a-z]+) +([a-z].*)' '$1\t$2'
end

function __kiwi_options
    set -l words (commandline -opc)
    kiwi $words[2] --help 2>/dev/null | string replace -rf '^  (?:-o, )?(--[a-z-]+=?).*' '$1'
end

function __kiwi_tables
    kiwi show --help 2>/dev/null | string match -e -r '^Tables:|^  [a-z]+  ' | string replace -rf '^  ([a-z]+)  +(.*)' '$1\t$2'
end

function __kiwi_findings
    kiwi explain 2>/dev/null | string replace -rf '^  ([a-z-]+) +(.*)' '$1\t$2'
end

complete -c kiwi -n __fish_use_subcommand -f -a '(__kiwi_subcommands)'
complete -c kiwi -n 'not __fish_use_subcommand; and string match -q -- "-*" (commandline -ct)' -f -a '(__kiwi_options)'
complete -c kiwi -n '__fish_seen_subcommand_from show' -a '(__kiwi_tables)'
complete -c kiwi -n '__fish_seen_subcommand_from explain' -f -a '(__kiwi_findings)'
complete -c kiwi -n '__fish_seen_subcommand_from run' -a '(__fish_complete_subcommand --fcs-skip=2)'
