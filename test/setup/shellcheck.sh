#!/bin/sh
# The host's program is checked as it runs: its parts in the order in which src/host/program.ts joins them.
set -eu
export LC_ALL=C
cd "$(dirname "$0")/../.."
program=$(mktemp)
trap 'rm -f "$program"' EXIT
cat src/host/head.sh >"$program"
for part in src/host/*.sh; do
  case $part in */head.sh | */main.sh) ;; *) cat "$part" >>"$program" ;; esac
done
cat src/host/main.sh >>"$program"
shellcheck --shell=sh "$program"
shellcheck test/setup/*.sh
