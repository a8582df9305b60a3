# shellcheck shell=sh
# Reading live rules, and telling owned ones from foreign ones. A file of owned rules is iptables-save text
# without a foreign line in it; "owned" is what the text of now or of wanted says, line for line.

# tools FAMILY: sets `save` and `restore`.
tools() {
  case $1 in
    4) save=iptables-save restore=iptables-restore ;;
    *) save=ip6tables-save restore=ip6tables-restore ;;
  esac
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

# flushing_undo NOW WANT BEFORE, a save on standard input: the rollback that needs nothing of what is there. Chains
# that are owned are emptied and filled again in the order that the save BEFORE the change had, foreign rules
# among them where they still are; those that came since stand first, where who inserts them puts them.
flushing_undo() {
  awk -v now="$1" -v want="$2" -v before="$3" "$AWK_SCAN"'
    function learn(line, old) {
      if (!scan(line)) return
      known[table, item] = 1
      place = table SUBSEP chain
      if (!(table in tables)) { tables[table] = 1; order[++count] = table }
      if (!(place in chains)) { chains[place] = old ? "old" : "new"; list[table, ++size[table]] = chain }
      if (item ~ /^:/ && (old || !(place in policy))) policy[place] = old ? substr(item, length(chain) + 3) : "ACCEPT"
      if (item ~ /^:.* -$/) user[place] = 1
      if (old && item ~ /^-A/) mine[table, item] = 1
    }
    function refers(name,   i) {
      for (i = 1; i <= strangers[table]; i++) if (index(stranger[table, i] " ", " " name " ")) return 1
      return 0
    }
    BEGIN {
      while ((getline line < now) > 0) learn(line, 1)
      while ((getline line < want) > 0) learn(line, 0)
      while ((getline line < before) > 0) if (scan(line) && item ~ /^-A/) {
        place = table SUBSEP chain; was[place, ++had[place]] = item; old_count[table, item]++
      }
      table = ""
    }
    /^#FAILED|^# Table .* is incompatible/ { failed = 1 }
    scan($0) && item ~ /^-A/ && !((table, item) in known) {
      place = table SUBSEP chain
      stranger[table, ++strangers[table]] = item
      foreign[place, ++foreigns[place]] = item
      live_count[table, item]++
    }
    END {
      if (failed) exit 3
      for (t = 1; t <= count; t++) {
        table = order[t]
        print "*" table
        for (c = 1; c <= size[table]; c++) {
          place = table SUBSEP list[table, c]
          if (place in user) print ":" list[table, c] " - [0:0]"
          else if (place in policy) print ":" list[table, c] " " policy[place] " [0:0]"
          if (!(place in user)) print "-F " list[table, c]
        }
        for (c = 1; c <= size[table]; c++) {
          place = table SUBSEP list[table, c]
          for (i = 1; i <= foreigns[place]; i++) {
            item = foreign[place, i]
            if (seen[place, item]++ >= old_count[table, item] + 0) print item
          }
          for (i = 1; i <= had[place]; i++) {
            item = was[place, i]
            if ((table, item) in mine || live_count[table, item]-- > 0) print item
          }
        }
        for (c = 1; c <= size[table]; c++) {
          place = table SUBSEP list[table, c]
          if ((place in user) && chains[place] == "new" && !foreigns[place] && !refers(list[table, c])) print "-X " list[table, c]
        }
        print "COMMIT"
      }
    }'
}
