#!/usr/bin/env bash
# validate, config show, presets and schema on scenario files.
. "$SOURCE_DIR/tests/shell.sh"

scenarios=$SOURCE_DIR/scenarios

write_scenario() {
    cat >"$1" <<'INI'
[host left]
[host right]
[link lan]
rate = 10Gb/s
[workload web]
kind = uniform
write_rate = 50MB/s
working_set = 1GiB
[vm web-1]
host = left
memory = 4GiB
workload = web
[migration]
downtime_limit = 300ms
[request move]
vm = web-1
target = right
INI
}

claim_every_shipped_scenario_is_valid() {
    exits 0 "$PROGRAM" validate "$scenarios"/*.ini
    [ "$(wc -l <out)" -eq "$(ls "$scenarios"/*.ini | wc -l)" ]
    [ ! -s err ]
}

claim_a_wrong_value_is_named_with_its_line() {
    write_scenario good.ini
    while IFS='|' read -r from to message; do
        sed "s|^$from\$|$to|" good.ini >bad.ini
        fails cmp -s good.ini bad.ini
        exits 65 "$PROGRAM" validate bad.ini
        says "$message"
        [ ! -s out ]
    done <<'TABLE'
downtime_limit = 300ms|downtime_limt = 300ms|bad.ini:14: [migration] downtime_limt
downtime_limit = 300ms|downtime_limt = 300ms|did you mean 'downtime_limit'
downtime_limit = 300ms|downtime_limit = 3000s|bad.ini:14: [migration] downtime_limit
downtime_limit = 300ms|downtime_limit = 300|bad.ini:14: [migration] downtime_limit
memory = 4GiB|memory = lots|bad.ini:11: [vm web-1] memory
host = left|host = lef|bad.ini:10: [vm web-1] host
\[migration\]|[migratoin]|did you mean
TABLE
}

claim_one_wrong_file_does_not_hide_the_others() {
    write_scenario good.ini
    sed 's/4GiB/lots/' good.ini >bad.ini
    exits 65 "$PROGRAM" validate missing.ini bad.ini good.ini
    says "missing.ini: cannot open"
    says "bad.ini:11:"
    prints "good.ini: valid"
    exits 65 "$PROGRAM" validate bad.ini good.ini -o saved
    grep -qF "good.ini: valid" saved
}

claim_json_keeps_to_the_schemas() {
    write_scenario good.ini
    sed 's/4GiB/lots/' good.ini >bad.ini
    for name in validate config presets; do
        exits 0 "$PROGRAM" schema "$name" -o "$name.json"
    done
    exits 65 "$PROGRAM" validate --json good.ini bad.ini missing.ini
    "$CHECK_SCHEMA" validate.json <out
    prints '"line":11'
    [ ! -s err ]
    exits 0 "$PROGRAM" config show --json good.ini
    "$CHECK_SCHEMA" config.json <out
    exits 0 "$PROGRAM" presets --json
    "$CHECK_SCHEMA" presets.json <out
}

claim_the_schema_check_can_fail() {
    exits 0 "$PROGRAM" schema predict -o predict.json
    local good='{"format_version":"1.0","trace":"t","inputs":{},"predicted":{"outcome":"completed","reason":null,"total_time_ms":1.5,"downtime_ms":null,"setup_time_ms":1,"rounds":3,"transferred_bytes":10,"max_throttle_pct":0,"intervals":{"total_time_ms":[1,2]}}}'
    exits 0 sh -c 'echo "$1" | "$2" predict.json' sh "$good" "$CHECK_SCHEMA"
    while IFS='|' read -r from to; do
        # shellcheck disable=SC2001
        exits 1 sh -c 'echo "$1" | "$2" predict.json' sh "$(sed "s/$from/$to/" <<<"$good")" "$CHECK_SCHEMA"
    done <<'TABLE'
"completed"|"done"
"rounds":3|"rounds":3.5
"trace":"t",|
"downtime_ms":null,|
\[1,2\]|[1,2,3]
"1\.0"|"2.0"
TABLE
}

claim_bytes_that_are_not_text_still_give_json() {
    exits 0 "$PROGRAM" schema validate -o schema.json
    exits 65 "$PROGRAM" validate --json "$(printf 'odd\377name.ini')"
    "$CHECK_SCHEMA" schema.json <out
}

claim_origin_names_the_source_of_each_value() {
    write_scenario good.ini
    exits 0 "$PROGRAM" config show --origin good.ini --set "vm web-1.memory=2GiB" --set migration.tls=on
    grep -qE '^\[migration\] downtime_limit = 300ms +file good\.ini:14$' out
    grep -qE '^\[migration\] tls = on +.*--set' out
    grep -qE '^\[vm web-1\] memory = 2GiB +.*--set' out
    grep -qE '^\[migration\] xbzrle = off +default$' out
}

claim_what_config_shows_is_the_same_scenario() {
    local file digest
    for file in "$scenarios"/*.ini; do
        exits 0 "$PROGRAM" config show "$file" -o shown.ini
        exits 0 "$PROGRAM" config show --json "$file"
        digest=$(grep -o '"digest": *"[0-9a-f]*"' out)
        [ -n "$digest" ]
        exits 0 "$PROGRAM" config show --json shown.ini
        prints "$digest"
    done
}

claim_a_section_can_be_picked() {
    write_scenario good.ini
    exits 0 "$PROGRAM" config show --section "vm web-1" good.ini
    [ "$(grep -vc '^\[vm web-1\] ' out)" -eq 0 ]
    exits 64 "$PROGRAM" config show --section vmm good.ini
}

claim_every_preset_can_be_used() {
    local name
    exits 0 "$PROGRAM" presets
    cut -d' ' -f1 out >names
    [ -s names ]
    while read -r name; do
        write_scenario good.ini
        printf '[scenario]\npreset = %s\n' "$name" >>good.ini
        exits 0 "$PROGRAM" validate good.ini
        exits 0 "$PROGRAM" presets show "$name"
        head -n 1 out | grep -q '^[#;]'
    done <names
}

claim_presets_says_what_it_can_do() {
    exits 64 "$PROGRAM" presets shwo lab
    says "usage: migcast presets"
    exits 64 "$PROGRAM" presets show
    exits 64 "$PROGRAM" presets show qemu-defualt
    says "did you mean 'qemu-default'?"
}

claim_every_listed_schema_is_printed() {
    local name
    exits 0 "$PROGRAM" schema
    cut -d' ' -f1 out >names
    while read -r name; do
        exits 0 "$PROGRAM" schema "$name"
        prints '"format_version"'
    done <names
    [ "$(wc -l <names)" -eq "$(ls "$SOURCE_DIR"/docs/schema/*.json | grep -vc /defs.json)" ]
}

claim_colour_is_only_where_asked_for() {
    write_scenario good.ini
    local escape=$'\033'
    exits 0 "$PROGRAM" validate good.ini
    fails grep -qF "$escape" out
    exits 0 "$PROGRAM" validate --color always good.ini
    prints "$escape"
    exits 0 env NO_COLOR=1 "$PROGRAM" validate --color always good.ini
    prints "$escape"
    command -v script >/dev/null || return 0
    exits 0 script -qec "TERM=xterm '$PROGRAM' validate good.ini" /dev/null
    prints "$escape"
    exits 0 script -qec "TERM=xterm NO_COLOR=1 '$PROGRAM' validate good.ini" /dev/null
    fails grep -qF "$escape" out
    exits 0 script -qec "TERM=dumb '$PROGRAM' validate good.ini" /dev/null
    fails grep -qF "$escape" out
}

run_claims
