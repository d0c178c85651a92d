#!/usr/bin/env bash
# --help, the man pages, the completion and the parser come from one table and agree.
. "$SOURCE_DIR/tests/shell.sh"

commands() {
    "$PROGRAM" help | sed -n '/^SUBCOMMANDS/,/^$/s/^  \([a-z][a-z]*\)  .*/\1/p'
}

# long_options TEXT_FILE - of the OPTIONS section of a help text
long_options() {
    sed -n '/^OPTIONS/,/^$/p' "$1" | grep -oE '^ +(-[a-zA-Z], |    )--[a-z-]+' | grep -oE -- '--[a-z-]+' | sort
}

claim_help_lists_the_subcommands() {
    commands >list
    grep -qx help list
    grep -qx schema list
    grep -qx validate list
}

claim_every_subcommand_explains_itself() {
    for cmd in $(commands); do
        exits 0 "$PROGRAM" help "$cmd"
        for heading in SYNOPSIS DESCRIPTION OPTIONS "EXIT STATUS"; do
            prints "$heading"
        done
        cp out help
        exits 0 "$PROGRAM" "$cmd" --help
        cmp out help
        awk 'length > 80 { print "    wider than 80 columns: " $0; wide = 1 } END { exit wide }' out
    done
}

claim_help_and_man_page_name_the_same_options() {
    for cmd in $(commands); do
        "$PROGRAM" help "$cmd" >help
        "$PROGRAM" help --man "$cmd" >man
        long_options help >from_help
        sed -n '/^\.SH OPTIONS/,/^\.SH EXIT/p' man | sed 's/\\-/-/g' |
            grep -E '^\.B ' | grep -oE -- '--[a-z-]+' | sort >from_man
        diff from_help from_man
        [ -s from_help ]
    done
}

claim_the_parser_takes_what_help_names() {
    local option arg
    for cmd in $(commands); do
        "$PROGRAM" help "$cmd" | sed -n '/^OPTIONS/,/^EXIT/p' >options
        for option in $(long_options options); do
            arg=$(sed -nE "s/^.*$option ([^ ]+).*/\\1/p" options)
            case $arg in
            N) arg="=1" ;;
            SECTION.KEY=VALUE) arg="=a.b=c" ;;
            *'|'*) arg="=${arg##*|}" ;;
            [A-Z]*) arg="=x" ;;
            *) arg= ;;
            esac
            # --help last: everything before it was parsed, and nothing runs
            [ "$option" = --output ] || exits 0 "$PROGRAM" "$cmd" "$option$arg" --help
        done
    done
}

claim_help_and_man_page_name_the_same_settings() {
    exits 0 "$PROGRAM" help options
    grep -E '^  [a-z0-9_.]+$' out | tr -d ' ' >from_help
    exits 0 "$PROGRAM" help --man options
    sed -n '/^\.SH OPTIONS/,$p' out | sed -n 's/^\.B //p' >from_man
    diff from_help from_man
    [ "$(wc -l <from_help)" -gt 100 ]
}

claim_man_pages_are_well_formed() {
    command -v man >/dev/null && man --version >/dev/null 2>&1 || return 0
    mkdir man
    exits 0 "$PROGRAM" help --manual-dir man
    for page in man/*.[157]; do
        exits 0 env MANWIDTH=80 MANROFFSEQ= man --warnings=w -l -Tutf8 -Z "$page"
        [ ! -s err ]
    done
}

claim_there_is_a_man_page_for_each_subcommand() {
    mkdir man
    exits 0 "$PROGRAM" help --manual-dir man
    { echo migcast.1; echo migcast-codes.7; echo migcast-scenario.5; commands | sed 's/.*/migcast-&.1/'; } | sort >want
    ls man | grep -v "\.md$" | sort >got
    diff want got
    for page in man/*.[15]; do
        head -n 1 "$page" | grep -q '^\.TH "migcast'
        sed -n 2p "$page" | grep -qx '\.SH NAME'
    done
}

claim_completion_offers_subcommands_and_their_options() {
    exits 0 "$PROGRAM" help --completion bash
    cp out completion
    cat >try <<'TRY'
. ./completion
COMP_WORDS=("$@") COMP_CWORD=$(($# - 1))
_migcast
printf '%s\n' "${COMPREPLY[@]}"
TRY
    exits 0 bash try migcast sch
    [ "$(cat out)" = schema ]
    exits 0 bash try migcast schema --ou
    [ "$(cat out)" = --output ]
    exits 0 bash try migcast schema --color al
    [ "$(cat out)" = always ]
    for cmd in $(commands); do
        "$PROGRAM" help "$cmd" >help
        bash try migcast "$cmd" -- | sort >offered
        long_options help >named
        diff named offered
    done
}

run_claims
