# count_tests.awk - "PASSED FAILED SKIPPED" from ctest's LastTest.log, by cases where a program says how many.
#
# Criterion, and the shell tests after it, end with "[====] Synthesis: Tested: N | Passing: N | ...".  A unit
# test without that line did not run to its end and is a failure, whatever its exit status was.  So is one that
# tested nothing, unless it gave a reason: a line "skipped: why" for each case left out.

function settle() {
    if (name == "")
        return
    nr_skipped += skips
    if (tested == 0 && skips > 0 && ok && summary)
        return
    if (tested == 0 || (!ok && good == tested)) {
        failed++
        good = tested > 0 ? tested - 1 : 0
        tested = good
    }
    passed += good
    failed += tested - good
}

/^[0-9]+\/[0-9]+ Testing: / { settle(); name = $3; tested = good = ok = skips = summary = 0 }
/^skipped: / { skips++ }
/Synthesis: Tested: / {
    line = $0
    summary = 1
    gsub(/\033\[[0-9;]*m/, "", line)
    sub(/.*Tested: */, "", line)
    tested = line + 0
    sub(/.*Passing: */, "", line)
    good = line + 0
}
/^Test Passed\.$/ { ok = 1 }
END {
    settle()
    if (passed + failed + nr_skipped == 0)
        exit 1
    print passed + 0, failed + 0, nr_skipped + 0
}
