#!/bin/bash
# The worked examples of docs/questions.md are what the program answers.
# shellcheck source=tests/shell.sh
. "$SOURCE_DIR/tests/shell.sh"

claim_each_class_of_questions_is_answered_as_the_document_shows() {
    # figures too in long runs
    exits 0 "$SOURCE_DIR/scripts/questions.sh" "$([ -n "${MIGCAST_LONG:-}" ] && echo --exact || echo --words)"
    prints "7 answers, 0 wrong"
}

# A document with one cheap question.
one_question() {
    sed -n '1,2p; /^## Is it possible/,/^## What does/p' "$SOURCE_DIR/docs/questions.md" >one.md
    exits 0 env DOC="$PWD/one.md" "$SOURCE_DIR/scripts/questions.sh"
    prints "1 answers, 0 wrong"
}

claim_another_answer_is_noticed() {
    one_question
    sed 's/does not begin to move/moves/' one.md >other.md
    exits 1 env DOC="$PWD/other.md" "$SOURCE_DIR/scripts/questions.sh"
    prints "1 answers, 1 wrong"
    says "another answer: migcast explain vm big-1"
}

claim_other_figures_are_noticed_where_they_must_be_the_same() {
    one_question
    sed 's/16 GiB free, 0 in/17 GiB free, 0 in/' one.md >other.md
    exits 0 env DOC="$PWD/other.md" "$SOURCE_DIR/scripts/questions.sh"
    exits 1 env DOC="$PWD/other.md" "$SOURCE_DIR/scripts/questions.sh" --exact
}

claim_an_answer_longer_than_a_screen_is_noticed() {
    one_question
    sed 's/lines: 16 /lines: 31 /' one.md >other.md
    exits 1 env DOC="$PWD/other.md" "$SOURCE_DIR/scripts/questions.sh"
    says "not on one screen: migcast explain vm big-1"
}

run_claims
