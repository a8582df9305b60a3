# shellcheck shell=sh
# Reading live rules, and telling owned ones from foreign ones. A file of owned rules is iptables-save text
# without a foreign line in it; "owned" is what the text of now or of wanted says, line for line.

# The backends whose tools are used, where the alternatives lead to others now.
PINNED_4='' PINNED_6=''

# tools FAMILY: sets `save` and `restore`.
tools() {
  case $1 in
    4) xtables=iptables pinned=$PINNED_4 ;;
    *) xtables=ip6tables pinned=$PINNED_6 ;;
  esac
  [ -z "$pinned" ] || is_chosen "$pinned" || xtables=$xtables-$pinned
  save=$xtables-save restore=$xtables-restore
}

# is_chosen BACKEND: the one that the alternatives lead to, for `xtables`.
is_chosen() {
  # shellcheck disable=SC3013
  [ "/usr/sbin/$xtables-save" -ef "/usr/sbin/xtables-$1-multi" ]
}

# which_backend FAMILY: the one of them that the alternatives lead to; nothing where they lead elsewhere.
which_backend() {
  tools "$1"
  for backend in nft legacy; do is_chosen "$backend" && echo "$backend" && return; done
  echo
}

# live FAMILY: its rules. A save that failed must never look like an empty ruleset, and neither must one without a
# table in which nft made rules of its own.
live() {
  tools "$1"
  # shellcheck disable=SC2086
  $LIMIT "$save" 2>/dev/null || echo '#FAILED'
}

AWK_SCAN='
  function scan(line,   part) {
    item = ""
    if (line ~ /^\*/) table = substr(line, 2)
    else if (line ~ /^:/) { split(substr(line, 2), part, " "); chain = part[1]; item = ":" part[1] " " part[2] }
    else if (line ~ /^-A /) { split(line, part, " "); chain = part[2]; item = line }
    return item != ""
  }'

# ipset prints one address without its prefix, however it was written.
AWK_PLAIN='
  function plain(entry) { sub(entry ~ /:/ ? "/128$" : "/32$", "", entry); return entry }'

# The sets that a file makes, held against `ipset save` on standard input: once is_added() was asked of each line, `want`
# has what is missing, as `SET MEMBER`. What is left of a member's time is not the same at any two moments. Sets of others
# don't matter.
# shellcheck disable=SC2016
AWK_SETS='
  function want_sets(file) {
    while ((getline <file) > 0) { if ($1 == "create") mine[$2] = kind(); else if ($1 == "add") want[$2, plain($3)] = $2 " " $3 }
  }
  function kind(   i, family) {
    family = "inet"
    for (i = 4; i < NF; i++) if ($i == "family") family = $(i + 1)
    return $3 " " family
  }
  function is_added() {
    if ($1 != "add" || !($2 in mine)) return 0
    if (!(($2, plain($3)) in want)) return 1
    delete want[$2, plain($3)]
    return 0
  }'

# sets_hold FILE: the live sets that it makes hold just what it says; if not, sets `unlike` to the name of one that
# doesn't, where they can be read.
sets_hold() {
  [ -s "$1" ] || return 0
  # shellcheck disable=SC2086
  unlike=$({ $LIMIT ipset save 2>/dev/null || echo '#FAILED'; } | awk -v file="$1" "$AWK_PLAIN$AWK_SETS"'
    BEGIN { want_sets(file) }
    /^#FAILED/ { exit failed = 1 }
    $1 == "create" && ($2 in mine) && mine[$2] == kind() { live[$2] = 1 }
    is_added() { differs[$2] = 1 }
    END {
      if (failed) exit 1
      for (missing in want) { split(missing, part, SUBSEP); differs[part[1]] = 1 }
      for (set in mine) if (!(set in live) || (set in differs)) { gsub(/[^A-Za-z0-9:._-]/, "_", set); print set; exit 1 }
    }')
}

# lead_sets FILE, `ipset save` on standard input: text for ipset restore that leads to what FILE says its sets hold, a set
# after the other.
lead_sets() {
  awk -v file="$1" "$AWK_PLAIN$AWK_SETS"'
    BEGIN { want_sets(file) }
    is_added() { print "del " $2 " " $3 }
    END { for (missing in want) print "add " want[missing] }' | sort -k 2,2
}

# same_owned EXPECT OTHER [STUB], a save on standard input: 0 where the lines of it that EXPECT or OTHER says are
# exactly those of EXPECT, chain by chain, in order. What OTHER leaves behind empty (a chain, a policy of ACCEPT)
# is no difference: a table that was made can't be unmade. 3: the save isn't whole. STUB gets the save with a
# stand-in for every foreign rule: what a transition meets, without what foreign rules need.
same_owned() {
  awk -v expect="$1" -v other="$2" -v stub="${3:-}" "$AWK_SCAN"'
    BEGIN {
      while ((got = (getline line < expect)) > 0) if (scan(line)) {
        known[table, item] = 1; place = table SUBSEP chain; want[place, ++wanted[place]] = item
      }
      if (got < 0) code = 3
      while ((got = (getline line < other)) > 0) if (scan(line) && item !~ /^:.* (-|ACCEPT)$/) known[table, item] = 1
      if (got < 0) code = 3
      table = ""
      if (stub) printf "" > stub
    }
    /^#FAILED|^# Table .* is incompatible/ { code = 3 }
    /^#/ { next }
    /^\*/ { open = 1 }
    /^COMMIT/ { open = 0 }
    {
      is_owned = scan($0) && ((table, item) in known)
      if (is_owned) {
        place = table SUBSEP chain
        if (want[place, ++found[place]] != item) differs = 1
      }
      if (stub) print (!is_owned && item ~ /^-A/) ? "-A " chain " -m comment --comment fleet-stub" : $0 > stub
    }
    END {
      if (code || open) exit 3
      for (place in wanted) if (wanted[place] != found[place]) differs = 1
      exit differs ? 1 : 0
    }'
}

# is FAMILY EXPECT OTHER: the live rules of a family are what EXPECT says.
is() { live "$1" | same_owned "$2" "$3"; }

# load FAMILY FILE [OPTION...]: errors go to standard output. An empty file means that there is nothing to do.
load() {
  [ -s "$2" ] || return 0
  tools "$1"
  from=$2
  shift 2
  # shellcheck disable=SC2086
  $LIMIT "$restore" "$@" <"$from" 2>&1
}
