#!/usr/bin/env bash
# coverage.sh BUILD_DIR MIN_PCT - line coverage of models/ and sim/ from gcov, file by file; fails where a
# folder is under MIN_PCT.  Run after the tests of a build with MIGCAST_COVERAGE=ON.
set -euo pipefail
[ $# -eq 2 ] || { echo "usage: coverage.sh BUILD_DIR MIN_PCT" >&2; exit 64; }
build=$1
min=$2
status=0

for folder in models sim; do
    find "$build/CMakeFiles/$folder.dir" -name '*.gcno' -print0 | sort -z |
        xargs -0 gcov --no-output 2>/dev/null |
        awk -v folder="$folder" -v min="$min" '
            /^File / { file = $2; gsub(/\047/, "", file); keep = file ~ ("/" folder "/.*[.]c$") && !(file in seen) }
            /^Lines executed:/ && keep {
                split($0, part, /[:% ]+/)
                pct = part[3]; nr = part[5]
                seen[file] = 1
                lines += nr; hit += nr * pct / 100
                sub(".*/" folder "/", folder "/", file)
                printf "%7.2f %% of %5d  %s\n", pct, nr, file
                keep = 0
            }
            END {
                if (lines == 0) { print folder ": no counts"; exit 1 }
                printf "%7.2f %% of %5d  %s, all\n", 100 * hit / lines, lines, folder
                exit 100 * hit / lines < min
            }' || status=1
done
exit $status
