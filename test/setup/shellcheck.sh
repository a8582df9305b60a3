#!/bin/sh
# The host's programs are checked as they run: their parts in the order in which src/host/program.ts joins them.
set -eu
export LC_ALL=C
cd "$(dirname "$0")/../.."
program=$(mktemp)
trap 'rm -f "$program"' EXIT
for folder in src/host src/host/block; do
  if [ "$folder" = src/host ]; then late=; else late='first boot feeds live removal'; fi
  cat src/host/head.sh src/host/unit.sh >"$program"
  for part in "$folder"/*.sh; do
    name=${part##*/}
    case " head unit $late main " in *" ${name%.sh} "*) ;; *) cat "$part" >>"$program" ;; esac
  done
  for name in $late main; do cat "$folder/$name.sh" >>"$program"; done
  # Only the host program uses all of head.sh.
  if [ "$folder" = src/host ]; then unused=; else unused=SC2034; fi
  shellcheck --shell=sh ${unused:+"--exclude=$unused"} "$program"
done
shellcheck test/setup/*.sh
shellcheck docs/senders/fleet-ban docs/senders/crowdsec/fleet-bouncer
