# Lets bash complete driftlock, which is asked what to offer: `driftlock completions bash`.
_driftlock() {
    local IFS=$'\n' lines word=${COMP_WORDS[COMP_CWORD]}
    local words=("${COMP_WORDS[@]:0:COMP_CWORD}")
    # Behind an equals sign, that sign is the word and what is to be completed is empty.
    [[ $word == = ]] && words+=("=")
    COMPREPLY=()
    lines=($(driftlock completions bash -- "${words[@]}" "$2" 2>/dev/null))
    case ${lines[0]} in
        :files)
            compopt -o filenames 2>/dev/null
            COMPREPLY=($(compgen -f -- "$2"))
            ;;
        :directories)
            compopt -o filenames 2>/dev/null
            COMPREPLY=($(compgen -d -- "$2"))
            ;;
        *) COMPREPLY=("${lines[@]}") ;;
    esac
}
complete -o nosort -F _driftlock driftlock 2>/dev/null || complete -F _driftlock driftlock
