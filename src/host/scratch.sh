# shellcheck shell=sh
# A network namespace that is made, tried and thrown away: nothing in it touches the live rules. What loads
# there loads for real, and what is saved there is the host's own canonical text.

# canonical DIR, inside a scratch namespace: cand.4 cand.6 sets -> canon.4 canon.6, or error.4 error.6 error.sets
verb_canonical() {
  dir=$1 failed=0
  if [ -s "$dir/sets" ] && ! ipset restore <"$dir/sets" >"$dir/error.sets" 2>&1; then return 1; fi
  for family in 4 6; do
    if load "$family" "$dir/cand.$family" >"$dir/error.$family"; then
      printf '' >"$dir/error.$family"
      tools "$family"
      "$save" >"$dir/canon.$family" 2>"$dir/error.$family" || failed=1
    else
      failed=1
    fi
  done
  return "$failed"
}

# rehearse-change DIR, inside a scratch namespace: do and undo, over the owned rules and stand-ins for the foreign
# ones, really lead from now to want and back. Prints what do took, in hundredths of a second.
verb_rehearse_change() {
  dir=$1
  for sets in sets.live sets sets.now; do
    [ ! -s "$dir/$sets" ] || ipset restore -exist <"$dir/$sets" 2>&1 || return 1
  done
  for family in 4 6; do load "$family" "$dir/stub.$family" || return 1; done
  tick
  began=$now
  for family in 4 6; do load "$family" "$dir/do.$family" --noflush || return 1; done
  tick
  took=$((now - began))
  for family in 4 6; do
    [ -s "$dir/do.$family" ] || [ -s "$dir/undo.$family" ] || continue
    is "$family" "$dir/want.$family" "$dir/now.$family" || { echo "do.$family does not lead to what is wanted"; return 1; }
    load "$family" "$dir/undo.$family" --noflush || return 1
    is "$family" "$dir/now.$family" "$dir/want.$family" || { echo "undo.$family does not lead back"; return 1; }
  done
  printf 'load_cs=%s\n' "$took"
}
