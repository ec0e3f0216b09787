#!/bin/sh
# SPDX-License-Identifier: GPL-2.0
#
# tests-md.sh TDI: the catalogue of the guest tests as Markdown, from what the
# runner reads out of the guest image.

set -eu
list=$("$1" list --verbose)
cat <<'END'
<!-- SPDX-License-Identifier: GPL-2.0 -->
# The guest tests

Made by `make docs/tests.md` from the tests themselves. Each has a TD of its own; `make run T=<id>` runs one. Last column:
the break that turns the test red.

END
printf '%s\n' "$list" | awk '
function cell(s) { gsub(/\|/, "\\|", s); return s }
/^ +clause: / { sub(/^ +clause: /, ""); clause = $0; next }
/^ +red if: / {
	sub(/^ +red if: /, "")
	topic = id
	sub(/[_.].*/, "", topic)
	if (topic != last)
		printf "%s## %s\n\n| test | what must hold | clause | red if |\n|---|---|---|---|\n", last ? "\n" : "", topic
	last = topic
	printf "| `%s` | %s | %s | %s |\n", id, cell(sentence), cell(clause), cell($0)
	n++
	next
}
{ id = $1; sentence = $0; sub(/^[^ ]+ +/, "", sentence) }
END { printf "\n%d tests.\n", n }'
