# bash completion for kiwi. Subcommands and options come from kiwi's own help, so they are always those of this version.

_kiwi_words() { # ARGUMENT...: words at the start of the help's lines
    kiwi "$@" --help 2>/dev/null
}

_kiwi_options() { # SUBCOMMAND
    _kiwi_words "$1" | sed -nE 's/^  (-o, )?(--[a-z-]+=?).*/\2/p'
}

_kiwi_choices() { # SUBCOMMAND OPTION
    _kiwi_words "$1" | sed -nE "s/^  --$2=([a-z]+(\|[a-z]+)+).*/\1/p" | tr '|' '\n'
}

_kiwi_run() {
    local i
    for ((i = 2; i < COMP_CWORD; i++)); do
        case ${COMP_WORDS[i]} in
        -- | [!-=]*)
            [ "${COMP_WORDS[i - 1]}" = "=" ] && continue
            [ "${COMP_WORDS[i]}" = "--" ] && ((i++))
            _command_offset "$i" 2>/dev/null || mapfile -t COMPREPLY < <(compgen -c -- "$1")
            return
            ;;
        esac
    done
    mapfile -t COMPREPLY < <(compgen -c -- "$1")
}

_kiwi() {
    local current=${COMP_WORDS[COMP_CWORD]} previous=${COMP_WORDS[COMP_CWORD - 1]} subcommand=${COMP_WORDS[1]}
    COMPREPLY=()
    if [ "$COMP_CWORD" = 1 ]; then
        mapfile -t COMPREPLY < <(compgen -W "$(_kiwi_words | sed -nE 's/^  ([a-z]+) +[a-z].*/\1/p') --help --version" -- "$current")
        return
    fi
    if [ "$current" = "=" ] || [ "$previous" = "=" ]; then
        local option=$previous
        if [ "$previous" = "=" ]; then option=${COMP_WORDS[COMP_CWORD - 2]}; else current=""; fi
        mapfile -t COMPREPLY < <(compgen -W "$(_kiwi_choices "$subcommand" "${option#--}")" -- "$current")
        [ ${#COMPREPLY[@]} -gt 0 ] || mapfile -t COMPREPLY < <(compgen -f -- "$current")
        return
    fi
    if [[ $current == -* ]]; then
        mapfile -t COMPREPLY < <(compgen -W "$(_kiwi_options "$subcommand")" -- "$current")
        [[ ${COMPREPLY[0]-} == *= ]] && compopt -o nospace 2>/dev/null
        return
    fi
    case $subcommand in
    run) _kiwi_run "$current" ;;
    show)
        if [ "$COMP_CWORD" = 2 ]; then
            mapfile -t COMPREPLY < <(compgen -W "$(_kiwi_words show | sed -nE '/^Tables:/,/^$/s/^  ([a-z]+) .*/\1/p')" -- "$current")
        else
            mapfile -t COMPREPLY < <(compgen -f -- "$current")
        fi
        ;;
    explain) mapfile -t COMPREPLY < <(compgen -W "$(kiwi explain 2>/dev/null | sed -nE 's/^  ([a-z-]+) .*/\1/p')" -- "$current") ;;
    *) mapfile -t COMPREPLY < <(compgen -f -- "$current") ;;
    esac
}
complete -F _kiwi kiwi
