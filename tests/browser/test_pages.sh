#!/bin/bash
# test_pages.sh - pages in a browser without a screen: sorted, filtered, read by keyboard, printed.
# Chromium is used where it is installed.  drive.js has the checks; a copy of the page carries it.
# shellcheck source=tests/shell.sh disable=SC2154
. "$SOURCE_DIR/tests/shell.sh"
scenarios=$SOURCE_DIR/scenarios
browser=${BROWSER:-$(command -v chromium-headless-shell || command -v chromium || true)}
[ -n "$browser" ] || { echo "skipped: no chromium here, so no page was opened"; exit 0; }

# browse OPTIONS... FILE - an own profile, no network; what a sandbox of its own needs may be missing.
browse() {
    timeout 60 "$browser" --headless --no-sandbox --disable-gpu --disable-dev-shm-usage --no-first-run \
        --disable-background-networking --disable-component-update --disable-sync --hide-scrollbars \
        --host-resolver-rules='MAP * ~NOTFOUND' --user-data-dir="$PWD/profile" \
        "${@:1:$#-1}" "file://$PWD/${*: -1}" 2>>browser.log
}

# holds PAGE WIDTH - all checks of drive.js hold at that width.
holds() {
    awk -v drive="$SOURCE_DIR/tests/browser/drive.js" '
        { print }
        /^<head>$/ {
            print "<script>window.complaints=[];"
            print "addEventListener(\"error\",function(e){complaints.push(\"\"+e.message)});"
            print "document.addEventListener(\"securitypolicyviolation\",function(e){complaints.push(e.blockedURI)});"
            print "console.error=console.warn=function(t){complaints.push(\"\"+t)};</script>"
        }
        ' "$1" >driven.html
    sed -i 's|^</body>$||; s|^</html>$||' driven.html
    { echo "<script>"; cat "$SOURCE_DIR/tests/browser/drive.js"; echo "</script></body></html>"; } >>driven.html
    browse --dump-dom --virtual-time-budget=20000 --window-size="$2,900" driven.html >dom.html
    sed -n '/id="browser-test"/,/<\/pre>/p' dom.html | sed 's/.*id="browser-test">//; s/<.*//' >verdict
    grep -q ' checks, 0 failed' verdict && [ "$(grep -o '[0-9]* checks' verdict | cut -d' ' -f1)" -gt 40 ] &&
        return 0
    echo "    $1 at $2 pixels:"
    sort verdict | uniq -c | sort -rn | head -n 20 | sed 's/^/    /'
    tail -n 5 browser.log
    return 1
}

# Names that would leave their place in a page that does not escape them; other tests have those that
# no scenario can hold (quotes, line ends).
write_hostile() {
    cat >"<img src=x onerror='pwned=1'>.ini" <<'INI'
[host <b>a</b>]
nic = 10Gb/s
[host &lt;c&amp;]
nic = 10Gb/s
[workload <i>]
kind = uniform
write_rate = 10MB/s
working_set = 256MiB
[vm <script>pwned(1)</script>]
host = <b>a</b>
memory = 2GiB
workload = <i>
[vm </script></style><script>pwned(2)</script>]
host = <b>a</b>
memory = 1GiB
workload = <i>
[vm Größe😀שלום]
host = <b>a</b>
memory = 1GiB
workload = <i>
[request one]
vm = *
target = &lt;c&amp;
INI
}

claim_a_run_is_read_sorted_filtered_and_followed_on_a_desk_and_a_phone() {
    exits 99 "$PROGRAM" run "$scenarios/evacuate-host.ini" --db r.db --quiet --set migration.completion_timeout=20s
    exits 0 "$PROGRAM" report r.db --format html -o page.html
    holds page.html 1280
    holds page.html 390
}

claim_a_comparison_is_read_sorted_and_filtered() {
    exits 0 "$PROGRAM" run "$scenarios/evacuate-host.ini" --db a.db --quiet
    exits 99 "$PROGRAM" run "$scenarios/evacuate-host.ini" --db b.db --quiet --set migration.completion_timeout=20s
    exits 0 "$PROGRAM" report --compare a.db b.db --format html -o page.html
    holds page.html 800
}

claim_no_name_is_executed_and_the_page_prints() {
    write_hostile
    exits 0 "$PROGRAM" run "<img src=x onerror='pwned=1'>.ini" --db r.db --quiet
    exits 0 "$PROGRAM" report r.db --format html -o page.html
    holds page.html 1280
    browse --no-pdf-header-footer --print-to-pdf="$PWD/page.pdf" page.html >/dev/null
    [ "$(head -c 5 page.pdf)" = "%PDF-" ]
    [ "$(stat -c %s page.pdf)" -gt 20000 ]
}

run_claims
