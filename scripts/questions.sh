#!/usr/bin/env bash
# questions.sh [--update] - are the answers in docs/questions.md those that the program gives?
#
# Each command of the document is run; what is shown must be the beginning of its output.  Figures are compared
# as figures ('3 min 15 s' is a time, whichever), so that a better model does not make the document wrong in its
# words; with --exact they must be the same, and --update writes them anew.  PROGRAM names the program.
set -euo pipefail
cd "$(dirname "${BASH_SOURCE[0]}")/.."
export LC_ALL=C
unset NO_COLOR
program=$(realpath "${PROGRAM:-build/migcast}")
mode=${1:---words}
doc=${DOC:-docs/questions.md}
most=30 # lines of an answer: a first screen
work=$(mktemp -d)
trap 'rm -rf "$work"' EXIT

# answer COMMAND LINES - the first lines of what it prints; its exit code says whether goals are met, and is no matter
answer() {
    local code=0
    # the command is ours: words of the document, quoted for a shell
    (
        migcast() { "$program" "$@"; }
        eval "$1"
    ) >"$work/all" 2>"$work/err" </dev/null || code=$?
    case $code in
    0 | 2 | 99) head -n "$2" "$work/all" ;;
    *)
        echo "'$1' ended with $code: $(head -n 1 "$work/err")" >&2
        return 1
        ;;
    esac
}

# words - figures with their units as '#', blanks and line ends as one blank, so that it only tells words
words() {
    sed -E 's/[0-9]+(\.[0-9]+)?(e[+-]?[0-9]+)?/#/g; s/# h # min/#T/g; s/# min # s/#T/g; s/# (ns|us|ms|s|min)\b/#T/g
        s/# ([KMGT]i)?B\/s/#R/g; s/# ([KMGT]i)?B\b/#B/g' | tr -s ' \n-' ' '
}

# Lines break elsewhere when a figure has another length, so the last words of what is shown may be others.
same_words() {
    local shown all nr
    shown=$(words <"$work/shown")
    all=$(words <"$work/all")
    nr=$((${#shown} > 160 ? ${#shown} - 80 : ${#shown} / 2))
    [ "$nr" -gt 20 ] && [ "${shown:0:nr}" = "${all:0:nr}" ]
}

new=$work/new.md
lines=0
block=0
bad=0
nr=0
while IFS= read -r line || [ -n "$line" ]; do
    case $line in
    '<!-- lines: '*)
        lines=${line//[!0-9]/}
        echo "$line" >>"$new"
        ;;
    '```console') block=1 && echo "$line" >>"$new" ;;
    '```')
        if [ "$block" -eq 2 ]; then
            nr=$((nr + 1))
            answer "$command" "$lines" >"$work/got" || bad=$((bad + 1))
            cat "$work/got" >>"$new"
            case $mode in
            --exact) cmp -s "$work/shown" "$work/got" || { echo "other figures: $command" >&2 && bad=$((bad + 1)); } ;;
            --words)
                if ! same_words; then
                    echo "another answer: $command" >&2
                    diff "$work/shown" "$work/got" >&2 || true
                    bad=$((bad + 1))
                fi
                ;;
            esac
            if [ "$lines" -gt "$most" ] || [ "$lines" -eq 0 ]; then
                echo "not on one screen: $command" >&2 && bad=$((bad + 1))
            fi
            lines=0
        fi
        block=0
        echo "$line" >>"$new"
        ;;
    *)
        if [ "$block" -eq 1 ]; then
            command=${line#\$ }
            : >"$work/shown"
            block=2
            echo "$line" >>"$new"
        elif [ "$block" -eq 2 ]; then
            echo "$line" >>"$work/shown"
        else
            echo "$line" >>"$new"
        fi
        ;;
    esac
done <"$doc"
if [ "$mode" = --update ] && [ "$bad" -eq 0 ]; then
    cat "$new" >"$doc"
fi
echo "$nr answers, $bad wrong"
[ "$bad" -eq 0 ] && [ "$nr" -gt 0 ]
