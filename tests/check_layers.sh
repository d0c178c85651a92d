#!/usr/bin/env bash
# check_layers.sh [FOLDER] - fails on an include that points up, or that reaches past a layer's own library.
#
# The arrows: cli -> answers -> sim -> models -> base; answers -> store, tracer; cli -> reports -> store;
# tracer -> models; cli -> lab -> tracer; cli -> import -> base.  store and reports see sim/result.h and nothing else of sim.
set -euo pipefail
cd "${1:-$(dirname "${BASH_SOURCE[0]}")/..}"

# What a folder's files may include, as a pattern over "folder/name.h".
allowed() {
    case $1 in
    base) echo 'base/.*' ;;
    models) echo '(models|base)/.*' ;;
    sim) echo '(sim|models|base)/.*' ;;
    store) echo '(store|base)/.*|sim/result\.h' ;;
    import) echo '(import|base)/.*' ;;
    tracer) echo '(tracer|models|base)/.*' ;;
    lab) echo '(lab|tracer|models|base)/.*' ;;
    reports) echo '(reports|store|base)/.*|sim/result\.h' ;;
    answers) echo '(answers|sim|models|store|tracer|base)/.*' ;;
    bench) echo '(bench|answers|sim|models|store|tracer|base)/.*' ;;
    cli) echo '.*' ;;
    esac
}

# Libraries that stay behind one door: header, and the files that may include it.
doors='sqlite3\.h|store/
plot\.h|reports/charts/chart\.c
ini\.h|base/
getopt\.h|cli/
yaml\.h|import/
libxml/.*|import/'

# includes FOLDER - "file:line:included" for each include of a project header
includes() {
    find "$1" -name '*.[ch]' -print0 2>/dev/null | sort -z |
        xargs -0 -r grep -HnoE '^[[:space:]]*#[[:space:]]*include[[:space:]]*[<"][^">]+[">]' |
        sed -E 's/^([^:]+:[0-9]+):.*[<"]([^">]+)[">]$/\1:\2/'
}

bad=0
say() {
    echo "$1"
    bad=$((bad + 1))
}

# sim/result.h is seen by store and reports, so it must not carry the rest of sim along.
while IFS=: read -r file line header; do
    case $header in
    sim/* | models/*) say "$file:$line: includes $header, which store and reports must not see" ;;
    esac
done < <(includes sim | grep -E '^sim/(result|rows)\.[ch]:' | grep -vE ':sim/(result|rows)\.h$' || true)

for folder in base models sim store tracer import lab reports answers bench cli; do
    [ -d "$folder" ] || continue
    pattern=$(allowed "$folder")
    while IFS=: read -r file line header; do
        if [[ $header == ../* || $header == */../* ]]; then
            say "$file:$line: includes $header; name headers from the source folder on"
        elif [[ $header =~ ^(base|models|sim|store|tracer|import|lab|reports|answers|cli|bench)/ ]] &&
            ! [[ $header =~ ^($pattern)$ ]]; then
            say "$file:$line: includes $header, which is not below $folder/"
        fi
        while IFS='|' read -r library door; do
            if [[ $header =~ ^$library$ ]] && ! [[ $file == $door* ]]; then
                say "$file:$line: includes $header, which only ${door} may"
            fi
        done <<<"${doors//\\./.}"
    done < <(includes "$folder")
done
[ "$bad" -eq 0 ] || { echo "$bad includes point the wrong way" >&2; exit 1; }
