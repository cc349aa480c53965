# shellcheck shell=bash
# Messages, and signs of work on a terminal; sourced by the scripts.

# Ends the script with a message that says what is wrong and what to do.
fail() {
    clear_progress
    printf '%s: %s\n' "$(basename "$0")" "$*" >&2
    exit 1
}

# Whether a person looks on: only then are there colours, spinners, and lines that are replaced.
is_terminal() { [[ -t 1 && ${TERM:-dumb} != dumb ]]; }

# paint CODE TEXT: the text in a colour on a terminal, plain elsewhere.
paint() {
    if is_terminal; then printf '\033[%sm%s\033[0m' "$1" "$2"; else printf '%s' "$2"; fi
}

# A line that says what is being done; the next message replaces it. Nothing in a pipe.
progress() {
    is_terminal || return 0
    clear_progress
    printf '\033[34mINFO\033[0m     %s' "$*"
    progress_shown=yes
}

progress_shown=
clear_progress() {
    [[ -n $progress_shown ]] || return 0
    printf '\r\033[2K'
    progress_shown=
}

success() {
    clear_progress
    printf '%s  %s\n' "$(paint 32 SUCCESS)" "$*"
}

problem() {
    clear_progress
    printf '%s    %s\n' "$(paint 31 ERROR)" "$*" >&2
}

# spinner_start TEXT: after a second, a spinner with the seconds that have passed, until spinner_stop. Nothing in a pipe.
spinner_pid=
spinner_start() {
    is_terminal || return 0
    (
        # Ended by the signal itself, at once: a trap would wait for the sleep.
        trap - TERM
        frames=(⠈⠁ ⠈⠑ ⠈⠱ ⠈⡱ ⢀⡱ ⢄⡱ ⢆⡱ ⢎⡱ ⢎⡰ ⢎⡠ ⢎⡀ ⢎⠁ ⠎⠁ ⠊⠁)
        sleep 1
        for ((turn = 0; ; turn++)); do
            printf '\r\033[2K\033[36m%s\033[0m %s (%ds)' "${frames[turn % ${#frames[@]}]}" "$1" $((1 + turn / 10))
            sleep 0.1
        done
    ) &
    spinner_pid=$!
}

spinner_stop() {
    [[ -n $spinner_pid ]] || return 0
    kill "$spinner_pid" 2>/dev/null || true
    wait "$spinner_pid" 2>/dev/null || true
    spinner_pid=
    printf '\r\033[2K'
}
