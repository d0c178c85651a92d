#!/usr/bin/env bash
# test.sh [--long] - installs what is missing, builds, and runs all tests; the last line is
# "N passed, N failed".  --long adds the long tests, the thread sanitizer and the line coverage.
# May be run again, or twice at once; what is built is not built again.
set -euo pipefail
top=$(cd "$(dirname "${BASH_SOURCE[0]}")" && pwd)
. "$top/scripts/common.sh"

long=0
case ${1-} in
'') ;;
--long) long=1 ;;
*) echo "usage: test.sh [--long]" >&2; exit 64 ;;
esac

passed=0
failed=0
skipped=0

# count PASSED FAILED [SKIPPED]
count() {
    passed=$((passed + $1))
    failed=$((failed + $2))
    skipped=$((skipped + ${3-0}))
}

# check WHAT COMMAND... - one test of its own
check() {
    local what=$1
    shift
    if "$@"; then
        count 1 0
    else
        echo "FAILED: $what"
        count 0 1
    fi
}

# run_tests PRESET TIMEOUT_S [ctest options] - the suite of one build, counted by cases
run_tests() {
    local preset=$1 timeout=$2 code=0 good bad left_out dir
    shift 2
    dir=$(build_dir "$preset")
    note "testing $dir"
    ctest --test-dir "$dir" -j "$jobs" --output-on-failure --timeout "$timeout" --no-tests=error "$@" \
        >"$log_dir/ctest-$preset.log" 2>&1 || code=$?
    # The output of the tests that failed, nothing of the others.
    awk '/ Test +#.*\*\*\*/ { show = 1 }
         / Test +#.* Passed |^ +Start +[0-9]+: |^[0-9]+% tests passed/ { show = 0 } show' \
        "$log_dir/ctest-$preset.log"
    read -r good bad left_out < <(awk -f scripts/count_tests.awk \
        "$dir/Testing/Temporary/LastTest.log" || echo 0 1 0)
    # A suite that failed without a failed case in its log has still failed.
    [ "$code" -eq 0 ] || [ "$bad" -gt 0 ] || bad=1
    count "$good" "$bad" "$left_out"
    echo "$dir: $good passed, $bad failed"
    [ "$left_out" -eq 0 ] || sed -n 's/^skipped: /  skipped: /p' \
        "$dir/Testing/Temporary/LastTest.log" | sort | uniq -c
}

check_format() {
    local files
    command -v clang-format >/dev/null || { note "no clang-format here: the format is not checked"; return 0; }
    mapfile -t files < <(find base models sim store tracer import lab reports answers cli bench tests \
        \( -name '*.c' -o -name '*.h' \) | sort)
    clang-format --dry-run --Werror "${files[@]}" 2>&1 | grep -E 'error:' | cut -d: -f1 | sort | uniq -c
    [ "${PIPESTATUS[0]}" -eq 0 ]
}

packages+=("${capture_packages[@]}" "${peer_packages[@]}")
prepare
install_optional "${browser_packages[@]}"
fetch_promtool
started=$SECONDS
build_preset release
build_preset asan
if [ "$long" -eq 1 ]; then
    export MIGCAST_LONG=1
    build_preset tsan
    build_preset coverage
fi

note "checking layers and format"
check "an include points up" tests/check_layers.sh
check "clang-format" check_format
if [ "$long" -eq 1 ]; then
    run_tests release 3600
    run_tests asan 3600
    run_tests tsan 3600
    run_tests coverage 3600
    note "line coverage of models/ and sim/"
    check "coverage under 90 %" scripts/coverage.sh build-coverage 90
else
    run_tests release 300
    run_tests asan 300
fi

note "took $((SECONDS - started)) s, $skipped cases skipped"
echo "$passed passed, $failed failed"
[ "$failed" -eq 0 ]
