#!/usr/bin/env bash
# The examples of every help: a reader of a clean copy of the sources pastes them as they stand.
# MIGCAST_LONG=1 runs them all, but for those that need a machine to migrate.
# shellcheck source=tests/shell.sh
. "$SOURCE_DIR/tests/shell.sh"

# examples - "SUBCOMMAND<tab>COMMAND" a line, in the order of `migcast help`
examples() {
    local sub
    "$PROGRAM" help | sed -n '/^SUBCOMMANDS/,/^[A-R]/s/^  \([a-z][a-z]*\) .*/\1/p' | while read -r sub; do
        "$PROGRAM" help "$sub" 2>/dev/null | sed '1,/^DESCRIPTION/d' |
            sed -e ':a' -e '/\\$/{N;s/\\\n *//;ta' -e '}' |
            sed -n "s/^ \{2,\}\(migcast [a-z].*\)/$sub\t\1/p"
    done
}

claim_every_subcommand_but_a_few_has_an_example() {
    examples >all
    for sub in run quick predict replay score calibrate import diff sweep check trend plan explain \
        report validate config lab trace; do
        cut -f 1 all | grep -qx "$sub" || { echo "    no example of $sub"; return 1; }
    done
}

claim_examples_name_files_that_are_there() {
    local word found
    examples | cut -f 2 | tr ' ' '\n' | grep -E '^(scenarios|tests)/' | sort -u >files
    [ "$(wc -l <files)" -ge 10 ]
    while read -r word; do
        found=$(cd "$SOURCE_DIR" && compgen -G "$word" | head -n 1)
        [ -n "$found" ] || { echo "    there is no $word"; return 1; }
    done <files
    # and no other scenario than those, but for one that the line itself makes
    fails grep -E ' [a-z-]+\.ini( |$)' <(examples | grep -v -e '-o drain.ini' -e '-o hosts.ini' -e '--calibration hosts.ini')
}

claim_examples_run_as_they_stand() {
    [ "${MIGCAST_LONG-}" = 1 ] || { echo "skipped: all examples, 3 min"; return 0; }
    local sub command code
    mkdir bin
    ln -s "$PROGRAM" bin/migcast
    cp -R "$SOURCE_DIR/scenarios" .
    mkdir tests
    cp -R "$SOURCE_DIR/tests/traces" "$SOURCE_DIR/tests/import" "$SOURCE_DIR/tests/corpus" tests
    cp tests/import/data/node?.xml .
    examples | grep -v '^trace\|^lab' | while IFS=$(printf '\t') read -r sub command; do
        code=0
        PATH=$PWD/bin:$PATH COMMIT=abc GITHUB_STEP_SUMMARY=summary.md \
            bash -c "$command" >out 2>err </dev/null || code=$?
        # 2: differences were found; 99: a threshold was crossed
        case $code in
        0 | 2 | 99) ;;
        *)
            echo "    help $sub: '$command' ended with $code"
            head -n 3 err
            return 1
            ;;
        esac
    done
}

run_claims
