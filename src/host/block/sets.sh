# shellcheck shell=sh
# The sets. Entries carry the kernel's own timeouts: what expires goes without anybody, whatever the host's clock says.
# FLEET-BLOCK refers to all of them, so all are there, if empty.

# AWK_SETS: each set that belongs to the families here, with what it is made with.
AWK_SETS='
  function each_set(families,   family, i, base, n) {
    for (family = 4; family <= 6; family += 2) if (families ~ family) {
      n = split("fleet-allow- fleet-block- fleet-block-in fleet-block-out fleet-feeds-", base, " ")
      for (i = 1; i <= n; i++) {
        name = base[i]
        sub(/-[a-z]*$/, family "&", name)
        sub(/-$/, "", name)
        family_of[name] = family
        made_with[name] = "hash:net family inet" (family == 6 ? "6" : "") " maxelem 1048576" (base[i] ~ /block/ ? " timeout 0" : "")
        set_names[++set_count] = name
      }
    }
  }
  function set_of(network, direction) {
    return "fleet-block" (index(network, ":") ? 6 : 4) (direction == "both" ? "" : "-" direction)
  }
  # ipset takes no network of length 0.
  function sides(network, out) {
    if (!index(network, "/0")) { out[1] = network; return 1 }
    out[1] = network ~ /:/ ? "::/1" : "0.0.0.0/1"
    out[2] = network ~ /:/ ? "8000::/1" : "128.0.0.0/1"
    return 2
  }
  # What is over by the clock of who asks is here by that of this host.
  function left(until,   from) {
    from = until + 0 > now + 0 || !then ? now : then
    return !(until + 0) ? 0 : until - from > 2147483 ? 2147483 : until - from
  }'

# change_sets: what changed, in the sets as they are; then all of them to $WORK/saved. 1: they aren't there, or don't
# take it.
change_sets() {
  by_counts=
  save_all >>"$WORK/change" && ipset restore <"$WORK/change" >"$WORK/saved" 2>"$WORK/error"
}

# hold_few: sets `hook` and `sets` where the place stands and what was saved is the few entries that are to be there, each
# of them and no other. 1: who judges more than that has to look.
hold_few() {
  [ -n "$few" ] || return 1
  expected=$few seen=
  while read -r how set rest; do
    case $how,$set,$rest in
      create,fleet-allow*,* | create,fleet-block*,*' timeout 0'*) seen=$seen$set, ;;
      add,*) take_few "$set,${rest%% *}," "$rest" || return 1 ;;
      *) return 1 ;;
    esac
  done <"$WORK/saved"
  case $families,$seen in "4,$SAVED_4" | "4 6,$SAVED_4$SAVED_6") ;; *) return 1 ;; esac
  [ -z "$expected" ] || return 1
  hook=stands sets=right
}

SAVED_4=fleet-allow4,fleet-block4,fleet-block4-in,fleet-block4-out,
SAVED_6=fleet-allow6,fleet-block6,fleet-block6-in,fleet-block6-out,

# take_few SET,NETWORK, NETWORK[ timeout SECONDS]: out of what is expected. 1: it isn't, or not for as long.
take_few() {
  case ";$expected" in *";$1"*) ;; *) return 1 ;; esac
  before=${expected%%"$1"*} after=${expected#*"$1"}
  time=${after%%;*} live=${2#* timeout }
  [ "$live" != "$2" ] || live=0
  if [ "$time" != "$live" ]; then
    [ "$time" -gt 0 ] && [ "$live" -gt 0 ] && [ "$((time - live))" -le 60 ] && [ "$((live - time))" -le 60 ] || return 1
  fi
  expected=$before${after#*;}
}

# save_all: all of them but the feeds, which may have a hundred thousand entries (restore knows no `list -t`): those are
# only there.
save_all() {
  for family in $families; do
    printf 'save fleet-allow%s\nsave fleet-block%s\nsave fleet-block%s-in\nsave fleet-block%s-out\ncreate fleet-feeds%s hash:net family inet%s maxelem 1048576 -exist\n' "$family" "$family" "$family" "$family" "$family" "${family#4}"
  done
}

# rebuild_sets: each set is filled beside itself and swapped in whole, so that there is no moment without it. Those who
# must get through come first.
rebuild_sets() {
  find_sets
  fill_and_swap && return
  # Maybe a rebuild that died left some behind, made otherwise.
  filled=
  drop_new
  fill_and_swap && return
  drop_new
  return 1
}

# What was filled as a long order was read is counted, and not read back line by line: it was just written, and nobody else
# knows those sets.
fill_and_swap() {
  by_counts=
  if [ -n "$filled" ] && [ "$lines" -gt 5000 ]; then by_counts=yes; fi
  { print_sets && { [ -n "$by_counts" ] || save_all; }; } | ipset restore >"$WORK/saved" 2>"$WORK/error"
}

# count_sets FILE: sets `counts` to right or wrong: each set holds as many as it says, but for those that may be over by
# now. 1: the kernel doesn't tell how many that are.
count_sets() {
  counts=$(ipset list -t 2>/dev/null | awk -v families="$families" -v file="$1" "$AWK_SETS"'
    BEGIN {
      each_set(families)
      for (set in made_with) if (set !~ /feeds/) most[set] = 0
      while ((getline < file) > 0) { most[$1] = $2; soon[$1] = $3 }
    }
    $1 == "Name:" { name = $2 }
    $1 == "Header:" && index(name, "block") && (name in most) && !index($0, " timeout 0") { wrong = 1 }
    /^Number of entries:/ { told[name] = $4 }
    END {
      for (set in most) if (set in family_of) {
        if (!(set in told)) { missing++; continue }
        if (told[set] > most[set] || told[set] < most[set] - soon[set]) wrong = 1
      }
      if (!missing) print wrong ? "wrong" : "right"
    }')
  [ -n "$counts" ]
}

# drop_filled: what an order filled comes to nothing.
drop_filled() { [ -z "$filled" ] || drop_new; }

drop_new() {
  for family in $families; do
    for set in "fleet-allow$family" "fleet-block$family" "fleet-block$family-in" "fleet-block$family-out" "fleet-feeds$family"; do ipset destroy "$set-new" 2>/dev/null; done
  done
}

# find_sets: sets `there` to the names of ours that exist. Somebody else's by one of them is never touched. Those of blocks
# are made anew whatever their size was; what feeds are in stays.
find_sets() {
  there=$(ipset list -t 2>/dev/null | awk -v families="4 6" "$AWK_SETS"'
    BEGIN { each_set(families) }
    $1 == "Name:" { base = name = $2; sub(/-new$/, "", base) }
    $1 == "Type:" && (base in made_with) { print $2 == "hash:net" ? name : "!" name }
    $1 == "Header:" && (base in made_with) && ($3 != (family_of[base] == 6 ? "inet6" : "inet") || name ~ /feeds.$/ && !/ maxelem 1048576( |$)/) { print "!" name }')
  case $there in *!*) drop_filled; stop "$EXIT_REFUSED" set-in-the-way "$(printf '%s\n' "$there" | sed -n 's/^!//p')" ;; esac
}

print_sets() {
  printf '%s\n' "$there" | awk -v families="$families" -v work="$WORK" -v now="$NOW" -v then="$THEN" -v filled="$filled" "$AWK_SETS"'
    function fill(name, network, rest,   n, i, one) {
      n = sides(network, one)
      for (i = 1; i <= n; i++) print "add", name "-new", one[i] rest " -exist"
    }
    function swap(name) { print "swap", name "-new", name "\ndestroy", name "-new" }
    { there[$1] = 1 }
    END {
      each_set(families)
      for (i = 1; i <= set_count; i++) {
        name = set_names[i]
        if (!(name in there)) print "create", name, made_with[name], "-exist"
        if (name ~ /feeds/ || filled && name ~ /block/) continue
        print "create", name "-new", made_with[name], "-exist\nflush", name "-new"
      }
      while ((getline network < (work "/allow")) > 0) {
        name = "fleet-allow" (network ~ /:/ ? 6 : 4)
        if (name in family_of) fill(name, network, "")
      }
      for (i = 1; i <= set_count; i++) if (set_names[i] ~ /allow/) swap(set_names[i])
      while (!filled && (getline < (work "/map")) > 0) {
        if ($5 != "blocked") continue
        name = set_of($1, $2)
        if (name in family_of) fill(name, $1, " timeout " left($4))
      }
    }'
  for family in $families; do
    for set in "fleet-block$family" "fleet-block$family-in" "fleet-block$family-out"; do printf 'swap %s-new %s\ndestroy %s-new\n' "$set" "$set" "$set"; done
  done
}
