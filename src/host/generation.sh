# shellcheck shell=sh
# Generations: GENERATIONS/gen-000042/{rules.v4,rules.v6,ipsets,meta.json}, `current` a link to one of them, and
# /etc/iptables/rules.v4 and rules.v6 links through it. One rename commits all files at once.

# read_links: sets `generation` to the number of the current one, 0 where fleet never confirmed any, `linked` to yes
# where both files of rules are links through it, `newest` to the highest number that was ever confirmed here, and `last`
# to the folder that says what was confirmed last. Without a `current` that leads anywhere that is the newest.
read_links() {
  links=$(ls -ld "$ETC/rules.v4" "$ETC/rules.v6" "$GENERATIONS/current" 2>/dev/null)
  generation=0 linked=no last=
  case $links in
    *"$GENERATIONS/current -> gen-"*)
      number=${links##*"/current -> gen-"}
      unpad "${number%%"$NEWLINE"*}"
      generation=$number
      [ ! -d "$GENERATIONS/current/." ] || last=$GENERATIONS/current
      ;;
  esac
  find_newest
  if [ -z "$last" ]; then
    last=$newest_folder
    [ "$newest" -lt "$generation" ] || generation=$newest
  fi
  [ "$newest" -gt "$generation" ] || newest=$generation
  [ "$last" = "$GENERATIONS/current" ] || return 0
  case $links in *"/rules.v4 -> fleet/current/rules.v4$NEWLINE"*) ;; *) return 0 ;; esac
  case "$links$NEWLINE" in *"/rules.v6 -> fleet/current/rules.v6$NEWLINE"*) linked=yes ;; esac
}

# One that still has its `link` was never current.
find_newest() {
  newest=0 newest_folder=$GENERATIONS/gen-000000
  for folder in "$GENERATIONS"/gen-*; do
    if [ ! -e "$folder/meta.json" ] || [ -L "$folder/link" ]; then continue; fi
    unpad "${folder##*/gen-}"
    [ "$number" -le "$newest" ] || { newest=$number newest_folder=$folder; }
  done
}

# unpad DIGITS: sets `number`; a leading zero would make it octal.
unpad() {
  number=${1#"${1%%[!0]*}"}
  case $number in '' | *[!0-9]*) number=0 ;; esac
}

# name_generation NUMBER: sets `name`.
name_generation() {
  name=000000$1
  name=gen-${name#"${name%??????}"}
}

# whole DIR: a generation whose files are what meta.json, a `"key": "value",` a line, says they are; sets `candidate`
# to the hash of what was asked for.
whole() {
  sums=$(awk -v FS='"' '
    $2 == "candidate" { candidate = $4 }
    $2 ~ /\.sha256$/ { sums = sums "\n" $4 "  " substr($2, 1, length($2) - 7) }
    END { print candidate sums }' "$1/meta.json" 2>/dev/null)
  candidate=${sums%%"$NEWLINE"*}
  [ "$candidate" != "$sums" ] || return 1
  (cd "$1" && printf '%s\n' "${sums#*"$NEWLINE"}" | sha256sum -c >/dev/null 2>&1)
}

plugins_installed() { [ -x "$PLUGINS/12-fleet" ] && [ -x "$PLUGINS/30-fleet" ] && [ -s "$GENERATIONS/program.sh" ]; }

# A newer program alone is no reason to change a host: it comes with the next generation.
plugins_current() { plugins_installed && cmp -s "$PROGRAM" "$GENERATIONS/program.sh"; }

# tell_soundness DIR: what a boot needs besides the generation there, which has to be whole; sets `whole` to yes or no.
tell_soundness() {
  whole=no plugins=no enabled=no
  ! whole "$1" || whole=yes
  ! plugins_installed || plugins=yes
  ! unit_enabled || enabled=yes
  printf 'whole=%s\nlinked=%s\nplugins=%s\nenabled=%s\n' "$whole" "$linked" "$plugins" "$enabled"
}

# stage: the next generation of the transaction, complete and on its own file system before anything changes. Where that
# can't be, `place` says what can't be written.
stage() {
  staged=$GENERATIONS/staged-$NONCE
  make_folders "$GENERATIONS" || return 1
  drop_staged
  mkdir "$staged" && keep_disk || return 1
  copy_change "$TXN" "$staged"
  name_generation "$GENERATION"
  ln -s "$name" "$staged/link" || return 1
  [ "$linked" = yes ] || { ln -s fleet/current/rules.v4 "$staged/link.v4" && ln -s fleet/current/rules.v6 "$staged/link.v6"; } || return 1
  plugins_current || stage_plugins || return 1
  whole "$staged"
}

# copy_change TXN TO: what it asks for, as a generation.
copy_change() { copy "$1/want.4" "$2/rules.v4" "$1/want.6" "$2/rules.v6" "$1/sets" "$2/ipsets" "$1/meta.json" "$2/meta.json"; }

# copy FROM TO [FROM TO...]: texts of whole lines; who calls it checks what came of it.
copy() {
  awk 'BEGIN {
    for (i = 1; i + 1 < ARGC; i += 2) {
      printf "" > ARGV[i + 1]
      while ((getline line < ARGV[i]) > 0) print line > ARGV[i + 1]
    }
  }' "$@"
}

stage_plugins() {
  cp "$PROGRAM" "$staged/program.sh" && cmp -s "$PROGRAM" "$staged/program.sh" || return 1
  place=$PLUGINS
  # Names with a dot are not run.
  for plugin in 12-fleet 30-fleet; do
    printf '#!/bin/sh\n# Made by fleet; its docs/guard.md says what for.\nexec /bin/sh %s/program.sh "" "boot-%s" "$@"\n' "$GENERATIONS" "$plugin" >"$PLUGINS/$plugin.new" &&
      chmod 755 "$PLUGINS/$plugin.new" && sync "$PLUGINS/$plugin.new" || return 1
  done
  place=$GENERATIONS
}

# The program goes last: that it is still staged is what a second try goes by.
install_plugins() {
  [ -e "$staged/program.sh" ] || return 0
  for plugin in 12-fleet 30-fleet; do
    mv -T "$PLUGINS/$plugin.new" "$PLUGINS/$plugin" || [ -x "$PLUGINS/$plugin" ] || return 1
  done
  mv -T "$staged/program.sh" "$GENERATIONS/program.sh" || return 1
  sync "$PLUGINS" "$GENERATIONS"
}

# adopt: the two files become links through `current`, which leads somewhere before: the same content at every step.
adopt() {
  if before_is_back; then keep_what_boots || return 1; elif [ ! -d "$GENERATIONS/current/." ]; then find_current || return 1; fi
  for rules in rules.v4 rules.v6; do
    [ "$(readlink "$ETC/$rules" 2>/dev/null)" = "fleet/current/$rules" ] && continue
    link=$staged/link.${rules#rules.}
    [ -L "$link" ] || ln -s "fleet/current/$rules" "$link" || return 1
    mv -T "$link" "$ETC/$rules" || return 1
  done
  sync "$ETC" "$GENERATIONS"
}

# keep_what_boots: what boots becomes generation 0: as it was when the change was armed, whoever saved its rules since.
keep_what_boots() {
  first=$GENERATIONS/gen-000000 from=$staged/kept
  [ -d "$from" ] && [ ! -e "$from/of" ] || from=$ETC
  rm -rf "$first" && mkdir "$first" || return 1
  for rules in rules.v4 rules.v6; do
    [ ! -f "$from/$rules" ] || { cp -p "$from/$rules" "$first/$rules" && cmp -s "$from/$rules" "$first/$rules" && sync "$first/$rules"; } || return 1
  done
  remember_before "$first" && sync "$first"/* "$first" && lead_to gen-000000
}

# Once `current` is gone, what was confirmed last is the best there is. A whole generation 0 is what stood before fleet,
# and nothing else tells of that.
find_current() {
  read_links
  if [ "$last" != "$GENERATIONS/gen-000000" ] || whole "$last"; then lead_to "${last##*/}"; else keep_what_boots; fi
}

# The links in the folder above must never be there without it.
lead_to() { # NAME
  ln -sfn "$1" "$GENERATIONS/current.first" && mv -T "$GENERATIONS/current.first" "$GENERATIONS/current" && sync "$GENERATIONS"
}

# A removal that was never brought to its end: what lies there is what boots, and may have been changed since.
before_is_back() {
  [ "$(readlink "$GENERATIONS/current")" = gen-000000 ] && [ ! -L "$ETC/rules.v4" ] && [ ! -L "$ETC/rules.v6" ]
}

# persist: from staged to booting. Safe to run again after a death at any line of it.
persist() {
  staged=$GENERATIONS/staged-$NONCE
  name_generation "$GENERATION"
  if [ -d "$staged" ]; then
    adopt && install_plugins || return 1
    rm -rf "${GENERATIONS:?}/$name.broken"
    [ ! -d "$GENERATIONS/$name" ] || mv -T "$GENERATIONS/$name" "$GENERATIONS/$name.broken" || return 1
    mv -T "$staged" "$GENERATIONS/$name" && sync "$GENERATIONS" || return 1
  fi
  if [ -L "$GENERATIONS/$name/link" ]; then
    mv -T "$GENERATIONS/$name/link" "$GENERATIONS/current" || return 1
    spare_generation "$GENERATIONS/$name/kept"
    rm -rf "$GENERATIONS/$name"/link.v? "$GENERATIONS/$name/kept"
  fi
  # Also for a try that died between the rename and this.
  sync "$GENERATIONS" || return 1
  read_links
  # Somebody saved rules in the place of the links since a try that failed.
  [ "$linked" = yes ] || { staged=$GENERATIONS/$name && adopt && read_links; } || return 1
  [ "$generation" -eq "$GENERATION" ] && [ "$linked" = yes ] && plugins_installed && cmp -s "$TXN/meta.json" "$GENERATIONS/current/meta.json" && whole "$GENERATIONS/current"
}

# The last ten stay, what was there before fleet, and what the release of a lockdown leads to.
prune_generations() { # NUMBER
  number=0
  while read -r key value; do
    [ "$key" = '"lockdown":' ] || continue
    value=${value#?}
    unpad "${value%%[!0-9]*}"
  done 2>/dev/null <"$GENERATIONS/current/meta.json"
  release=$number
  for dir in "$GENERATIONS"/gen-*; do
    unpad "${dir##*gen-}"
    case $dir in
      *.broken) rm -rf "$dir" ;;
      *) [ "$number" -eq 0 ] || [ "$number" -gt $(($1 - 10)) ] || [ "$number" -eq "$release" ] || rm -rf "$dir" ;;
    esac
  done
}

# take_generation DIR NUMBER|previous: the candidate of a way back is a generation that was confirmed once.
take_generation() {
  read_links
  if [ "$2" = previous ]; then previous_generation; else number=$2; fi
  name_generation "$number"
  if [ "$number" -eq 0 ] || [ ! -d "$GENERATIONS/$name" ]; then stop "$EXIT_REFUSED" generation-missing "$name"; fi
  whole "$GENERATIONS/$name" || stop "$EXIT_REFUSED" generation-damaged "$name"
  copy "$GENERATIONS/$name/rules.v4" "$1/cand.4" "$GENERATIONS/$name/rules.v6" "$1/cand.6" "$GENERATIONS/$name/ipsets" "$1/sets"
  piece target
  printf 'number=%s\ncandidate=%s\ncurrent=%s\n' "$number" "$candidate" "$generation"
  show target.ipsets "$1/sets"
}

# previous_generation: sets `number` to that of the newest generation before the current one; 0 where there is none.
previous_generation() {
  previous=0
  for old in "$GENERATIONS"/gen-*; do
    unpad "${old##*/gen-}"
    [ "$number" -ge "$generation" ] || previous=$number
  done
  number=$previous
}
