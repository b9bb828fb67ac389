#!/usr/bin/env bash
# Checks that each row of the security checklist for this version is in SECURITY.md and has a test whose name begins
# with it: `fn o3_…` in Rust, `'o3_…'` in a story. A tool covers some rows instead. What a test proves is not checked.
. "$(dirname "$0")/lib.sh"
cd "$ROOT"

rows="O1 O2 O3 O4 O5 O6 O7 O8 O9 O10 O11 O12 O13 O14 O15 O16 O17 O18 O19 O20 O21 O22 L1 L2 L3 L4 L5 L6 L7 L8 L9 L10 L11 L12 C1 C2 C4 C5 C6 C7 S1 S2 S3 S4 S5 S6 S7 S8 I1 I4 I5 D1 D2 D4 D5 D6"
# Findings of the review of 29 November 2026, and N26, which came with kept secrets.
rows+=" $(echo N{0..26})"
by_tools='C3 I2 D3'
for row in $rows $by_tools; do
  grep -qE "^\| ([A-Z][0-9]+, )*$row[ ,]" SECURITY.md || die "SECURITY.md does not name $row."
done
# Problems that users of comparable systems reported before the sign-in, and cases from public reports (from C9 on; the
# first eight share their names with rows above).
rows+=' P1 P2 P5 P7 P8 P9 P16 P24'
rows+=' C9 C10 C11 C12 C16 C17 C18 C19 C20 C21 C22 C23 C24 C25 C29 C31 C34 C36 C39 C41 C42 C43 C44 C45 C47 C49 C50 C54'
rows+=' C56 C57 C59 C60 C63'
missing=()
for row in $rows; do
  name=${row,,}_
  # A test of several rows names them one after the other.
  before='([a-z][0-9]+_)*'
  grep -rqE "fn $before$name|case::$before$name|^ *(test|story)\(['\"\`]$before$name" src tests end2end/stories ||
    missing+=("$row")
done
[ ${#missing[@]} = 0 ] || die "No test is named after: ${missing[*]}"
printf 'All rows have a test: %s\n' "$rows"
