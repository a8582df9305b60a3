# shellcheck shell=sh
# Reading live rules, and telling owned ones from foreign ones. A file of owned rules is iptables-save text
# without a foreign line in it; "owned" is what the text of now or of wanted says, line for line.

tool() { # FAMILY save|restore
  case $1 in 4) printf 'iptables-%s' "$2" ;; *) printf 'ip6tables-%s' "$2" ;; esac
}

# A save that failed must never look like an empty ruleset.
live() { "$(tool "$1" save)" 2>/dev/null || echo '#FAILED'; }

AWK_SCAN='
  function scan(line,   part) {
    item = ""
    if (line ~ /^\*/) table = substr(line, 2)
    else if (line ~ /^:/) { split(substr(line, 2), part, " "); chain = part[1]; item = ":" part[1] " " part[2] }
    else if (line ~ /^-A /) { split(line, part, " "); chain = part[2]; item = line }
    return item != ""
  }'

# same_owned EXPECT OTHER, a save on standard input: 0 where the lines of it that EXPECT or OTHER says are
# exactly those of EXPECT, chain by chain, in order. What OTHER leaves behind empty (a chain, a policy of ACCEPT)
# is no difference: a table that was made can't be unmade.
same_owned() {
  awk -v expect="$1" -v other="$2" "$AWK_SCAN"'
    BEGIN {
      while ((got = (getline line < expect)) > 0) if (scan(line)) {
        known[table, item] = 1; place = table SUBSEP chain; want[place, ++wanted[place]] = item
      }
      if (got < 0) code = 3
      while ((got = (getline line < other)) > 0) if (scan(line) && item !~ /^:.* (-|ACCEPT)$/) known[table, item] = 1
      if (got < 0) code = 3
      table = ""
    }
    /^#FAILED/ { code = 3 }
    scan($0) && ((table, item) in known) {
      place = table SUBSEP chain
      if (want[place, ++found[place]] != item) differs = 1
    }
    END {
      if (code) exit code
      for (place in wanted) if (wanted[place] != found[place]) differs = 1
      exit differs ? 1 : 0
    }'
}

# is FAMILY EXPECT OTHER: the live rules of a family are what EXPECT says.
is() { live "$1" | same_owned "$2" "$3"; }

# A save with a stand-in for every foreign rule: what a transition meets, without what foreign rules need.
with_stubs() { # NOW WANT, a save on standard input
  awk -v now="$1" -v want="$2" "$AWK_SCAN"'
    BEGIN {
      while ((getline line < now) > 0) if (scan(line)) known[table, item] = 1
      while ((getline line < want) > 0) if (scan(line)) known[table, item] = 1
    }
    /^#FAILED/ { exit 3 }
    /^#/ { next }
    scan($0) && $0 ~ /^-A/ && !((table, item) in known) { print "-A " chain " -m comment --comment fleet-stub"; next }
    { print }'
}

# The rollback that needs nothing of what is there: built-in chains that are owned are emptied, the foreign
# rules found live come first, the old owned rules follow.
flushing_undo() { # NOW WANT, a save on standard input
  awk -v now="$1" -v want="$2" "$AWK_SCAN"'
    function learn(line, old) {
      if (!scan(line)) return
      known[table, item] = 1
      if (!(table in tables)) { tables[table] = 1; order[++count] = table }
      place = table SUBSEP chain
      if (!(place in chains)) { chains[place] = (item ~ /^:/) ? substr(item, length(chain) + 3) : "-"; list[table, ++size[table]] = chain }
      else if (old && item ~ /^:/) chains[place] = substr(item, length(chain) + 3)
      if (old) { mine[place] = 1; if (item ~ /^-A/) rules[table] = rules[table] item "\n" }
    }
    BEGIN {
      while ((getline line < now) > 0) learn(line, 1)
      while ((getline line < want) > 0) learn(line, 0)
      table = ""
    }
    /^#FAILED/ { failed = 1 }
    scan($0) && $0 ~ /^-A/ && !((table, item) in known) { foreign[table] = foreign[table] item "\n"; fc[table SUBSEP chain] = 1 }
    END {
      if (failed) exit 3
      for (t = 1; t <= count; t++) {
        table = order[t]
        print "*" table
        for (c = 1; c <= size[table]; c++) {
          place = table SUBSEP list[table, c]; policy = chains[place]
          if (policy != "-" && !(place in mine)) policy = "ACCEPT"
          print ":" list[table, c] " " policy " [0:0]"
          if (policy != "-") print "-F " list[table, c]
        }
        split(foreign[table], line, "\n")
        for (i = 1; line[i] != ""; i++) { scan(line[i]); if ((table SUBSEP chain) in chains) print line[i] }
        printf "%s", rules[table]
        for (c = 1; c <= size[table]; c++) {
          place = table SUBSEP list[table, c]
          if (chains[place] == "-" && !(place in mine) && !(place in fc) && !referred(foreign[table], list[table, c])) print "-X " list[table, c]
        }
        print "COMMIT"
      }
    }
    function referred(text, name) { return index(text " ", " " name "\n") || index(text, " " name " ") }'
}
