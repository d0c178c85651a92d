# shellcheck shell=bash
# shell.sh - a little harness for tests in shell.  Sourced by tests/<folder>/test_*.sh, which define
# functions claim_*, one claim each, and end with `run_claims`.
#
# A claim runs in an empty folder of its own, in a subshell, and fails at its first failing command.
# Ends with the line that Criterion programs end with, so that test.sh counts both alike.
: "${SOURCE_DIR:?}" "${PROGRAM:?}"
set -u
LC_ALL=C
export LC_ALL
unset NO_COLOR

# exits CODE COMMAND... - runs it with output in files `out` and `err`; its exit status must be CODE.
exits() {
    local want=$1 code=0
    shift
    "$@" >out 2>err </dev/null || code=$?
    [ "$code" -eq "$want" ] && return 0
    echo "    '$*' ended with $code instead of $want"
    sed 's/^/    /' err | head -n 20
    return 1
}

# prints TEXT, says TEXT - the last command wrote this to standard output, to standard error.
prints() {
    grep -qF -- "$1" out && return 0
    echo "    standard output lacks: $1"
    head -n 20 out | sed 's/^/    /'
    return 1
}

says() {
    grep -qF -- "$1" err && return 0
    echo "    standard error lacks: $1"
    head -n 20 err | sed 's/^/    /'
    return 1
}

# fails COMMAND... - it must not succeed.  (`! COMMAND` would say so too, but does not end a claim.)
fails() {
    "$@" || return 0
    echo "    '$*' should have failed"
    return 1
}

# interrupted TEXT COMMAND... - interrupts it, later each time until it had got so far that its output
# holds TEXT; its exit status must be 130.
interrupted() {
    local text=$1 after code
    shift
    for after in 1 2 4 8 16 32 64; do
        code=0
        "$@" >out 2>err </dev/null &
        sleep "$after"
        kill -INT $! 2>/dev/null || :
        wait $! || code=$?
        [ "$code" -eq 130 ] && grep -qF -- "$text" out err && return 0
    done
    echo "    '$*' ended with $code and did not say: $text"
    return 1
}

run_claims() {
    local claim claims tested=0 passing=0 dir
    mapfile -t claims < <(compgen -A function claim_)
    for claim in "${claims[@]}"; do
        tested=$((tested + 1))
        dir=$(mktemp -d) || exit 1
        # Not in a condition, where `set -e` would have no effect.
        (
            set -e
            cd "$dir"
            "$claim"
        )
        # shellcheck disable=SC2181
        if [ $? -eq 0 ]; then
            passing=$((passing + 1))
        else
            echo "[FAIL] ${claim#claim_}"
        fi
        rm -rf "$dir"
    done
    echo "[====] Synthesis: Tested: $tested | Passing: $passing | Failing: $((tested - passing)) | Crashing: 0"
    [ "$tested" -gt 0 ] && [ "$passing" -eq "$tested" ]
}
