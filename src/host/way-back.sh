# shellcheck shell=sh
# The way back that needs nothing to be as `do` left it: it is made from what is live.
#
# A line of others is neither deleted nor written anew, since iptables-save prints what nft made as something broader.
# Own lines go by their words, and the old ones of them come back by their numbers.
#
#   place      a chain of a table; all that follows is said of one place
#   own        lines that NOW or WANT says; `old` are those of NOW, which must be there in the end, in their order
#   foreign    rules that neither of them says
#   stand      of an own line: how many foreign lines are live before it
#   neighbour  a foreign line from BEFORE the change; `behind` is how many old lines it stood behind then
#   floor      what an old line's stand is at least: it stays behind the neighbours that it stood behind
#   ceiling    what it is at most: it stays before the neighbour that came next, of those that are still live
#
# Between these an old line stands where it is live, or where one that comes after it is; else with the old line before
# it. The first goes to where the first own line is live; behind all foreign lines, if none is.
#
#   BEFORE  A x B y      A and B are old, x and y are foreign.
#   live    n x C A y    C is of WANT, n is new. x has one foreign line before it, n; C and A stand at 2, y comes third.
#   A       is live at 2; its ceiling is 1, as x was behind it.
#   B       is not live, so it goes by A; its floor is 2, as it was behind x, and its ceiling too, as y was behind it.
#   undo    -D C, -D A, -I 2 A (one foreign line before it), -I 4 B (two, and A)
#   then    n A x B y

# What is known beforehand: the own lines, the old ones in their order, and their neighbours.
AWK_KNOWN='
  # 0: the file can not be read.
  function learn_from(file, is_old,   line, got) {
    while ((got = (getline line < file)) > 0) if (scan(line)) learn(is_old)
    return got == 0
  }
  function learn(is_old) {
    own[table, item] = 1
    place = table SUBSEP chain
    if (!(place in was_there)) add_place(is_old)
    if (item ~ /^-A/) { if (is_old) add_old() }
    else if (item ~ / -$/) is_user[place] = 1
    else if (is_old || !(place in policy)) policy[place] = is_old ? policy_said() : "ACCEPT"
  }
  function add_place(is_old) {
    was_there[place] = is_old
    if (!(table in chains)) tables[++table_count] = table
    chain_of[table, ++chains[table]] = chain
  }
  function add_old() {
    old[table, item] = 1
    old_line[place, ++olds[place]] = item
  }
  function policy_said() { return substr(item, length(chain) + 3) }
  function recall_from(file,   line) {
    while ((getline line < file) > 0) if (scan(line)) recall()
  }
  function recall() {
    place = table SUBSEP chain
    if (item ~ /^:/) recall_chain()
    else if ((table, item) in old) passed[place]++
    else {
      neighbour[place, ++neighbours[place]] = item
      behind[place, neighbours[place]] = passed[place] + 0
    }
  }
  # A chain of others that WANT says too: it stays, and so does its policy.
  function recall_chain() {
    if (was_there[place]) return
    was_there[place] = 1
    if (place in policy) policy[place] = policy_said()
  }'

# What is live: the own lines and where they stand, and the foreign ones with their numbers.
AWK_LIVE='
  function meet() {
    place = table SUBSEP chain
    if (item ~ /^:/) live_policy[place] = policy_said()
    else if ((table, item) in own) meet_own()
    else foreign_at[place, item, ++met[place, item]] = ++foreigns[place]
  }
  function meet_own() {
    if (!owns[place]) first_stand[place] = foreigns[place] + 0
    live_own[place, ++owns[place]] = item
    live_stand[place, item, ++met[place, item]] = foreigns[place] + 0
    if (old_line[place, owns[place]] != item) differs[place] = 1
  }'

# Where the old lines of a place are to stand.
AWK_STANDS='
  function find_stands(place) {
    find_neighbours(place)
    find_floors(place)
    find_ceilings(place)
    find_wishes(place)
  }
  # The number of a neighbour among the foreign lines; 0: it is gone.
  function find_neighbours(place,   i, key) {
    for (i = 1; i <= neighbours[place]; i++) {
      key = place SUBSEP neighbour[place, i]
      neighbour_at[place, i] = foreign_at[key, ++taken[key]] + 0
    }
  }
  function find_floors(place,   i, j, floor) {
    j = 1
    for (i = 1; i <= olds[place]; i++) {
      for (; j <= neighbours[place] && behind[place, j] < i; j++)
        if (neighbour_at[place, j] > floor) floor = neighbour_at[place, j]
      floor_of[place, i] = floor + 0
    }
  }
  function find_ceilings(place,   i, j, ceiling) {
    ceiling = foreigns[place] + 0
    j = neighbours[place] + 0
    for (i = olds[place] + 0; i > 0; i--) {
      for (; j > 0 && behind[place, j] >= i; j--)
        if (neighbour_at[place, j]) ceiling = neighbour_at[place, j] - 1
      ceiling_of[place, i] = ceiling
    }
  }
  # Where it is live, unless one that comes after it is live before that. Of lines that are live several times, the
  # first goes by the first.
  function find_wishes(place,   i, key, least) {
    for (i = 1; i <= olds[place]; i++) {
      key = place SUBSEP old_line[place, i]
      key = key SUBSEP (++wished[key])
      if (key in live_stand) wish[place, i] = live_stand[key]
    }
    for (i = olds[place] + 0; i > 0; i--) {
      if (((place, i) in wish) && (least == "" || wish[place, i] < least)) least = wish[place, i]
      if (least != "") wish[place, i] = least
    }
  }
  # The floor counts for more than the ceiling: others may have turned two neighbours round.
  function stand_of(place, i, last,   stand) {
    stand = ((place, i) in wish) ? wish[place, i] : last
    if (stand > ceiling_of[place, i]) stand = ceiling_of[place, i]
    return stand < floor_of[place, i] ? floor_of[place, i] : stand
  }'

# What leads back, as text for iptables-restore.
AWK_UNDO='
  function undo_table(   c) {
    begun = 0
    for (c = 1; c <= chains[table]; c++) declare(chain_of[table, c])
    for (c = 1; c <= chains[table]; c++) take_out(chain_of[table, c])
    for (c = 1; c <= chains[table]; c++) put_back(chain_of[table, c])
    if (begun) print "COMMIT"
  }
  function say(line) {
    if (!begun++) print "*" table
    print line
  }
  # A chain of our own that is said here is made, or emptied if it is there.
  function declare(chain,   place, is_live) {
    place = table SUBSEP chain
    is_live = (place in live_policy)
    if (owns[place] != olds[place]) differs[place] = 1
    if (place in is_user) {
      if (is_live ? differs[place] && !foreigns[place] : was_there[place]) say(":" chain " - [0:0]")
    } else if ((is_live || was_there[place]) && (place in policy) && live_policy[place] != policy[place])
      say(":" chain " " policy[place] " [0:0]")
  }
  # A built-in chain is emptied in one step only if EMPTYING says so: somebody may be putting a line in right now.
  function take_out(chain,   place, i) {
    place = table SUBSEP chain
    if (!differs[place] || !owns[place]) return
    if (foreigns[place] || !(place in is_user) && !emptying)
      for (i = 1; i <= owns[place]; i++) say("-D" substr(live_own[place, i], 3))
    else if (!(place in is_user)) say("-F " chain)
  }
  function put_back(chain,   place, i, stand, text) {
    place = table SUBSEP chain
    if (!differs[place]) return
    find_stands(place)
    stand = owns[place] ? first_stand[place] : foreigns[place] + 0
    for (i = 1; i <= olds[place]; i++) {
      stand = stand_of(place, i, stand)
      text = substr(old_line[place, i], 4 + length(chain))
      say(stand < foreigns[place] ? "-I " chain " " (stand + i) text : "-A " chain text)
    }
  }
  # Each on its own, at last: one that others still jump to must not keep the rules from coming back.
  function drop_chains(   c, place) {
    for (c = 1; c <= chains[table]; c++) {
      place = table SUBSEP chain_of[table, c]
      if ((place in is_user) && (place in live_policy) && !was_there[place] && !foreigns[place])
        print "*" table "\n-X " chain_of[table, c] "\nCOMMIT"
    }
  }'

# Nothing, and 3, where one of the files or the save is not whole.
undo_from_live() { # NOW WANT BEFORE [EMPTYING], a save on standard input
  awk -v now="$1" -v want="$2" -v before="$3" -v emptying="${4:-}" "$AWK_SCAN$AWK_KNOWN$AWK_LIVE$AWK_STANDS$AWK_UNDO"'
    BEGIN {
      if (!learn_from(now, 1) || !learn_from(want, 0)) exit failed = 3
      recall_from(before)
      table = ""
    }
    /^#FAILED|^# Table .* is incompatible/ { failed = 3 }
    scan($0) { meet() }
    END {
      if (failed) exit failed
      for (t = 1; t <= table_count; t++) { table = tables[t]; undo_table() }
      for (t = 1; t <= table_count; t++) { table = tables[t]; drop_chains() }
    }'
}
