#compdef driftlock
# Lets zsh complete driftlock, which is asked what to offer: `driftlock completions zsh`.
_driftlock() {
    local -a lines
    lines=("${(@f)$(driftlock completions zsh -- "${(@)words[1,CURRENT-1]}" "$PREFIX" 2>/dev/null)}")
    case $lines[1] in
        '') return 1 ;;
        :files)
            compset -P '*='
            _files
            ;;
        :directories)
            compset -P '*='
            _files -/
            ;;
        *) _describe -V driftlock lines ;;
    esac
}
# From a folder of $fpath the file is the function; sourced, it only makes it known.
if [[ $funcstack[1] == _driftlock ]]; then
    _driftlock "$@"
else
    compdef _driftlock driftlock
fi
