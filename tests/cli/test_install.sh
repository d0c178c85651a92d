#!/usr/bin/env bash
# `cmake --install` puts the program, its manual and its data where the system looks for them.
. "$SOURCE_DIR/tests/shell.sh"

build=$(dirname "$PROGRAM")

claim_the_installed_program_runs_and_has_its_manual() {
    exits 0 cmake --install "$build" --prefix "$PWD/usr"
    exits 0 "$PWD/usr/bin/migcast" help
    [ -s usr/share/man/man1/migcast.1 ]
    [ -s usr/share/man/man1/migcast-schema.1 ]
    [ -s usr/share/man/man5/migcast-scenario.5 ]
    [ -s usr/share/man/man7/migcast-codes.7 ]
    [ -s usr/share/doc/migcast/scenario-options.md ]
    [ -s usr/share/bash-completion/completions/migcast ]
    [ -z "$(find usr -name '*.a' -o -name '*.h')" ]
}

run_claims
