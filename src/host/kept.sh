# shellcheck shell=sh
# What somebody saves while a change isn't confirmed holds rules that nobody confirmed, and would boot. So arm keeps what
# boots, and what was saved since goes once the old rules are back: by renames, which need no room. It isn't lost to whoever
# saved it: it lies beside what boots, as /etc/iptables/rules.v4.unconfirmed.
#
#   staged-NONCE/link            is called `over` once the change is over: what is saved from then on is not of its window
#   staged-NONCE/kept/of         the generation that boots, where both files of rules are links to it: this is a copy of it
#   staged-NONCE/kept/rules.v4   else the file that boots (rules.v6 too)
#   staged-NONCE/kept/FILE.none  there was none; FILE.gone where one that came has gone again

keep_disk() {
  kept=$staged/kept from=$ETC files='rules.v4 rules.v6'
  mkdir "$kept" || return 1
  if [ "$linked" = yes ]; then
    from=$last files="$files ipsets meta.json"
    name_generation "$generation"
    echo "$name" >"$kept/of" || return 1
  fi
  set --
  for file in $files; do
    if [ -f "$from/$file" ]; then set -- "$@" "$from/$file"; else printf '' >"$kept/$file.none" || return 1; fi
  done
  [ $# -eq 0 ] || cp -p "$@" "$kept"
}

# put_disk_back KEPT [lend]: sets `disk` to -saved where somebody had saved something else than what is kept, and to -saved-stays
# where that can't be taken back. Safe to run again after a death at any line of it. What is lent stays here, too, as far
# as there is room: the new rules are in force still, and may be saved once more.
put_disk_back() {
  kept=$1 lend=${2:-} disk='' of='' stays=''
  [ -d "$kept" ] || return 0
  { read -r of <"$kept/of"; } 2>/dev/null
  for file in rules.v4 rules.v6 ${of:+ipsets meta.json}; do
    place=$ETC/$file
    [ -z "$of" ] || place=$GENERATIONS/$of/$file
    file_is_back || stays=yes
  done
  [ -z "$of" ] || put_links_back
  [ -z "$disk" ] || sync "$ETC" "$GENERATIONS/$of" || stays=yes
  [ -z "$stays" ] || disk=-saved-stays
} 2>/dev/null

# Of `file` at `place`.
file_is_back() {
  if [ -f "$kept/$file" ]; then
    cmp -s "$kept/$file" "$place" && return
    set_aside "$place"
    if [ -L "$place" ]; then write_through; else put_file; fi
  elif [ -e "$kept/$file.none" ]; then
    [ -e "$place" ] || return 0
    disk=-saved
    mv -T "$place" "$ETC/$file.unconfirmed" || rm -f "$place" || return 1
    [ -n "$lend" ] || mv "$kept/$file.none" "$kept/$file.gone"
  else
    # Who put it back died before he could say so.
    disk=-saved
  fi
}

# spare_generation KEPT: what somebody saved through the links before the change was confirmed lies in the generation that it
# leaves behind, which nobody could go back to. Without a spawn where nobody did.
spare_generation() {
  of=
  { read -r of <"$1/of"; } 2>/dev/null
  [ -n "$of" ] || return 0
  for file in rules.v4 rules.v6; do
    # shellcheck disable=SC3013
    [ ! "$GENERATIONS/$of/$file" -nt "$1/$file" ] || mv -T "$1/$file" "$GENERATIONS/$of/$file"
  done
}

put_file() {
  [ -n "$lend" ] && cp -p "$kept/$file" "$kept/lent" && sync "$kept/lent" && mv -T "$kept/lent" "$place" && return
  mv -T "$kept/$file" "$place"
}

# A link of the operator's stays one.
write_through() {
  real=$(readlink -f "$place") && cp -p "$kept/$file" "$real.kept" && sync "$real.kept" && mv -T "$real.kept" "$real"
}

set_aside() { # PLACE
  disk=-saved
  ln -fL "$1" "$ETC/$file.unconfirmed" || cp -p "$1" "$ETC/$file.unconfirmed"
}

put_links_back() {
  for file in rules.v4 rules.v6; do
    [ "$(readlink "$ETC/$file")" != "fleet/current/$file" ] || continue
    set_aside "$ETC/$file"
    ln -sfn "fleet/current/$file" "$kept/link" && mv -T "$kept/link" "$ETC/$file" || stays=yes
  done
}
