#!/usr/bin/env bash
# Each header compiles alone: it includes what it uses.
. "$SOURCE_DIR/tests/shell.sh"

claim_each_header_compiles_alone() {
    local flags header bad=0
    read -ra flags <<<"$(pkg-config --cflags gsl sqlite3 jansson inih libzstd)"
    cd "$SOURCE_DIR"
    for header in {base,models,sim,sim/*,store,tracer,import,lab,reports,reports/*,answers,answers/*,cli}/*.h; do
        [ -e "$header" ] || continue
        cc -std=c17 -Wall -Werror -D_GNU_SOURCE -fsyntax-only -I. "${flags[@]}" -x c - <<<"#include \"$header\"" ||
            bad=$((bad + 1))
    done
    [ "$bad" -eq 0 ]
}

run_claims
