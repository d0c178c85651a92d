#!/usr/bin/env bash
# The layer check passes on the project, and fails on each kind of include that it is there to stop.
. "$SOURCE_DIR/tests/shell.sh"

copy_sources() {
    local folder
    mkdir tree
    for folder in base models sim store tracer lab reports answers bench cli; do
        [ ! -d "$SOURCE_DIR/$folder" ] || cp -r "$SOURCE_DIR/$folder" tree/
        mkdir -p "tree/$folder"
    done
}

claim_no_include_points_up() {
    exits 0 "$SOURCE_DIR/tests/check_layers.sh"
}

claim_a_planted_include_is_found() {
    copy_sources
    while read -r file include; do
        mkdir -p "tree/$(dirname "$file")"
        printf '#include %s\n' "$include" >"tree/$file"
        exits 1 "$SOURCE_DIR/tests/check_layers.sh" tree
        prints "$file:1: includes"
        rm "tree/$file"
        exits 0 "$SOURCE_DIR/tests/check_layers.sh" tree
    done <<'TABLE'
base/planted.h "models/params.h"
base/planted.c   "sim/result.h"
models/planted.c "sim/scenario/scenario.h"
models/planted.c "store/store.h"
sim/planted.c "answers/accuracy/predict.h"
sim/planted.c "store/store.h"
sim/platforms/planted.c "cli/cmd.h"
store/planted.c "sim/scenario/scenario.h"
store/planted.c "models/params.h"
tracer/planted.c "sim/scenario/scenario.h"
tracer/planted.c "lab/matrix.h"
lab/planted.c "sim/scenario/scenario.h"
answers/planted.c "lab/matrix.h"
reports/planted.c "sim/scenario/scenario.h"
reports/planted.c "models/params.h"
answers/planted.c "reports/report.h"
answers/planted.c "cli/cmd.h"
bench/planted.c "cli/cmd.h"
reports/planted.c <sqlite3.h>
store/planted.c <plot.h>
sim/planted.c "../base/status.h"
TABLE
}

claim_odd_spacing_hides_nothing() {
    copy_sources
    printf '  #  include   "sim/scenario/scenario.h"\n' >tree/models/planted.c
    exits 1 "$SOURCE_DIR/tests/check_layers.sh" tree
}

claim_result_h_brings_nothing_of_sim_along() {
    copy_sources
    printf '#include "sim/scenario/scenario.h"\n' >>tree/sim/result.h
    exits 1 "$SOURCE_DIR/tests/check_layers.sh" tree
    prints "sim/result.h:"
}

run_claims
