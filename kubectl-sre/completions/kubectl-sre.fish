# Completes kubectl-sre in fish:  kubectl-sre completion fish | source

function __kubectl_sre_complete
    set -l words (commandline --tokenize --cut-at-cursor --current-process)
    set -l current (commandline --cut-at-cursor --current-token)
    set -l directive 0
    set -l answer ($words[1] __complete $words[2..] "$current" 2>/dev/null </dev/null)
    if string match --quiet --regex '^:\d+$' -- "$answer[-1]"
        set directive (string sub --start 2 -- $answer[-1])
        set --erase answer[-1]
    end
    if test (count $answer) -eq 0
        # 4 means that no file is meant.
        if test (math "bitand($directive, 4)") -eq 0
            __fish_complete_path (string replace --regex '^-[^=]*=' '' -- "$current")
        end
        return
    end
    # The candidates for the value of --flag=VALUE are values.
    set -l flag (string match --regex '^-[^=]*=' -- "$current")
    for word in $answer
        echo "$flag$word"
    end
end

complete --command kubectl-sre --no-files --arguments '(__kubectl_sre_complete)'
