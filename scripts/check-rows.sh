#!/usr/bin/env bash
# Each row of SECURITY.md that names tests has one, a function or a story whose name begins with it: `fn o3_…` in Rust,
# `'o3_…'` in a story.
. "$(dirname "$0")/lib.sh"
cd "$ROOT"

rows=$(sed -nE 's/^\| ([A-Z][0-9]+) \|.* tests `[a-z][0-9]+_….*/\1/p' SECURITY.md | tr '\n' ' ')
[ "$(wc -w <<<"$rows")" -gt 40 ] || die "SECURITY.md has lost its table of rows: $rows"
# What users of comparable systems ran into before the sign-in.
rows+='P1 P2 P5 P7 P8 P9 P16 P24'
missing=()
for row in $rows; do
  name=${row,,}_
  grep -rqE "^ *(pub )?(async )?fn $name|^ *(test|story)\(['\"\`]$name" src tests end2end/stories ||
    missing+=("$row")
done
[ ${#missing[@]} = 0 ] || die "No test is named after: ${missing[*]}"
printf 'All rows have a test: %s\n' "$rows"
