# Lets fish complete driftlock, which is asked what to offer: `driftlock completions fish`.
function __driftlock_complete
    set -l before (commandline --current-process --tokenize --cut-at-cursor)
    set -l current (commandline --current-token --cut-at-cursor)
    set -l lines (driftlock completions fish -- $before "$current" 2>/dev/null)
    switch "$lines[1]"
        case :files
            __fish_complete_path (string replace --regex -- '^--[^=]*=' '' "$current")
        case :directories
            __fish_complete_directories (string replace --regex -- '^--[^=]*=' '' "$current")
        case ''
        case '*'
            printf '%s\n' $lines
    end
end
complete --command driftlock --no-files --keep-order --arguments '(__driftlock_complete)'
