# Waiting for what is seen, never for a while: a busy machine may stand still for longer than any while. Sourced by bash.
#   wait_for COMMAND...   until it succeeds; fails after $PATIENCE seconds, a limit against hanging
#   launch MPIRUN...      the same again where it ends with 1, which no program of ours does: mpirun that is not heard for two
#                         seconds while its ranks end well calls that improper
#   stopped NAME=VALUE    ids of the processes with this in their environment that stand still (TSR_FAULT's action=stop)
PATIENCE=${PATIENCE:-300}

wait_for() {
    local end=$((SECONDS + PATIENCE))
    until "$@"; do
        [ $SECONDS -lt $end ] || return 1
        sleep 0.1
    done
}

launch() {
    local status
    for _ in 1 2 3; do
        status=0
        "$@" || status=$?
        [ $status = 1 ] || break
    done
    return $status
}

stopped() {
    local at
    for at in /proc/[0-9]*; do
        if grep -qs '^State:.T' "$at/status" && grep -qsazx "$1" "$at/environ"; then echo "${at#/proc/}"; fi
    done
}
