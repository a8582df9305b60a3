# shellcheck shell=sh
# The map: a line an address, `ADDRESS DIRECTION AT UNTIL STATE`, sorted by bytes. Two of them become one as
# mergeBlocks of the controller does it: a stream, whose memory doesn't grow with their length.

# Networks as text of hexadecimal digits, in which a shorter prefix is a shorter text.
AWK_NETWORK='
  function hex(address,   side, part, left, i, out, sides) {
    if (address !~ /:/) {
      split(address, part, ".")
      return sprintf("%02x%02x%02x%02x", part[1], part[2], part[3], part[4])
    }
    if (match(address, /[0-9]+\.[0-9.]+$/)) {
      split(substr(address, RSTART), part, ".")
      address = substr(address, 1, RSTART - 1) sprintf("%x:%x", part[1] * 256 + part[2], part[3] * 256 + part[4])
    }
    sides = split(address, side, "::")
    left = split(side[1], part, ":")
    for (i = 1; i <= left; i++) out = out padded(part[i])
    if (sides < 2) return out
    sides = split(side[2], part, ":")
    for (i = left + sides; i < 8; i++) out = out "0000"
    for (i = 1; i <= sides; i++) out = out padded(part[i])
    return out
  }
  function padded(word) { return substr("0000" word, length(word) + 1) }
  function length_of(network,   at) {
    at = index(network, "/")
    return at ? substr(network, at + 1) + 0 : (network ~ /:/ ? 128 : 32)
  }
  function base_of(network,   at) {
    at = index(network, "/")
    return at ? substr(network, 1, at - 1) : network
  }
  function cut(digits, bits,   rest, digit) {
    rest = bits % 4
    if (!rest) return substr(digits, 1, bits / 4)
    digit = index("0123456789abcdef", substr(digits, int(bits / 4) + 1, 1)) - 1
    return substr(digits, 1, int(bits / 4)) substr("0123456789abcdef", digit - digit % substr("842", rest, 1) + 1, 1)
  }
  # The same text for every way to write a network.
  function key(network,   bits) {
    bits = length_of(network)
    return (network ~ /:/ ? 6 : 4) cut(hex(base_of(network)), bits) "/" bits
  }'

# read_order [SECONDS], a bundle of allow, even and map on standard input: what this host is to keep goes to $WORK/map and
# $WORK/allow, as files; what has to be done to the sets for it to $WORK/change. Where that is much, all of it goes to
# `ipset restore` as it is read, into the sets beside those in force; $WORK/filled says that it came through. Where `ruled`,
# `hook` is judged from the rules that were read, and `few` is what the sets are to hold, if that isn't much. Sets the
# words below.
read_order() {
  # shellcheck disable=SC2016,SC2086
  ${1:+timeout $1} awk -v mark="@@$MARK " -v now="$NOW" -v client="$client" -v alone="$alone" -v work="$WORK" -v kept="$kept" -v allow_kept="$BLOCKS/allow" -v families="$families" -v flags="$FLAGS" -v ruled="$ruled" "$AWK_NETWORK$AWK_PROTECTED$AWK_SETS$AWK_HOOK"'
    function is_over(state, at, until) { return until > 0 ? until + 0 <= then + 0 : state == "lifted" && int(at / 1000) + 7776000 <= then + 0 }
    # What stood is over by the clock of who asks, unless that is the one that is wrong: where it is ahead of what was told
    # before, and of a clock here that nobody has set since.
    function find_then(   told_before) {
      then = now + 0
      if ((getline line < "/proc/uptime") > 0) since = clock - int(line)
      if (first || word[8] == "" || since - word[8] > 30 || since - word[8] < -30) return
      told_before = clock - old_skew
      if (now - told_before > 60 && clock - now < -(old_skew < 0 ? -old_skew : old_skew)) then = told_before
    }
    # A line that the disk has damaged is none.
    function next_kept(   line) {
      while (kept != "" && (getline line < kept) > 0) {
        if (line ~ /^[0-9a-f:.]+(\/[0-9]+)? (in|out|both) [0-9]+ [0-9]+ (blocked|lifted)$/) {
          split(line, old, " ")
          if ((old[1] "") > (last_kept "")) { last_kept = old[1]; return }
        }
        dropped++; damaged++
      }
      split("", old)
    }
    function keep(address, direction, at, until, state) {
      if (is_over(state, at, until)) return
      print address, direction, at, until, state > map
      lines++
      if (state != "blocked") return
      entries++
      if (filling) fill_in(address, direction, until)
    }
    # What is to stand by now, and from now on each line as it comes.
    function begin_filling(   i, line, word) {
      filling = 1
      each_set(families)
      for (i = 1; i <= set_count; i++) if (index(set_names[i], "block")) print "create", set_names[i] "-new", made_with[set_names[i]] "\nflush", set_names[i] "-new" | fill
      fflush(map)
      while ((getline line < (work "/./map")) > 0) if (split(line, word, " ") == 5 && word[5] == "blocked") fill_in(word[1], word[2], word[4])
    }
    # For the second set, with how much is in it.
    function fill_in(address, direction, until,   set, n, i, one) {
      if (families !~ (index(address, ":") ? 6 : 4)) return
      set = set_of(address, direction)
      n = sides(address, one)
      for (i = 1; i <= n; i++) print "add", set "-new", one[i], "timeout", left(until) | fill
      count(set, n, until)
    }
    function count(set, n, until) {
      held[set] += n
      if (until > 0 && left(until) <= 10) soon[set] += n
    }
    # From what stood to what is to stand.
    function change(address, was_direction, was_until, was_state, direction, until, state) {
      if (families !~ (index(address, ":") ? 6 : 4)) return
      if (state == "blocked" && !(was_state == "blocked" && was_direction == direction && was_until == until)) put("add", set_of(address, direction), address, " timeout " left(until))
      if (was_state == "blocked" && !(state == "blocked" && was_direction == direction)) put("del", set_of(address, was_direction), address, "")
    }
    # More than a few are for a second set.
    function put(verb, set, address, rest,   n, i, one) {
      if (++changes > 5000) { if (fill != "" && !filling) begin_filling(); return }
      n = sides(address, one)
      for (i = 1; i <= n; i++) print verb, set, one[i] rest " -exist" > todo
    }
    function keep_old() {
      keep(old[1], old[2], old[3], old[4], old[5])
      if (is_over(old[5], old[3], old[4])) { dropped++; change(old[1], old[2], old[4], old[5], "", 0, "lifted") }
      else if (old[5] == "blocked" && flags !~ /,part,/ && ++unknowns <= 1000) print "unknown=" old[1] > told
      next_kept()
    }
    function take(   same, wins, is_left_out) {
      same = (old[1] "") == ($1 "")
      if (same && old[2] == $2 && old[3] == $3 && old[4] == $4 && old[5] == $5) {
        if (is_over($5, $3, $4)) { keep_old(); return }
        keep($1, $2, $3, $4, $5)
        obeyed++
        next_kept()
        return
      }
      wins = !is_over($5, $3, $4) && (!same || outweighs())
      if (wins && $5 == "blocked" && is_protected($1)) { print $1, covered > refused; refusals++; wins = 0; is_left_out = 1 }
      if (!wins && !same) return
      if (!wins) {
        if (!is_left_out && (old[5] == "blocked" || $5 == "blocked") && ++overruled <= 1000) print "later=" old[1], old[3] > told
        if (is_over(old[5], old[3], old[4])) dropped++
        keep(old[1], old[2], old[3], old[4], old[5])
      } else {
        keep($1, $2, $3, $4, $5)
        obeyed++
        words++
        if (same) change($1, old[2], old[4], old[5], $2, $4, $5)
        else change($1, "", 0, "lifted", $2, $4, $5)
      }
      if (same) next_kept()
    }
    # An IPv4 network, of which a look says that it covers nothing protected.
    function is_plain(network,   at) {
      if (network ~ /^(127|169|22|23|0)|\/0/) return 0
      if (!has_learnt) learn_protected()
      at = index(network, "/")
      learn(4, at ? substr(network, at + 1) : 32)
      return !(network in covers4)
    }
    function outweighs() {
      if ($3 + 0 != old[3] + 0) return $3 + 0 > old[3] + 0
      if ($5 != old[5]) return $5 == "blocked"
      if ($4 + 0 != old[4] + 0) return old[4] + 0 && (!($4 + 0) || $4 + 0 > old[4] + 0)
      return $2 < old[2]
    }
    function allow(network,   place) {
      place = key(network)
      if (place in allowed) return
      allowed[place] = 1
      held["fleet-allow" substr(place, 1, 1)] += place ~ /\/0$/ ? 2 : 1
      print network > (work "/allow")
      if (place in was_allowed) { delete was_allowed[place]; return }
      let_through("add", place, network)
    }
    function let_through(verb, place, network) {
      allows++
      if (families ~ substr(place, 1, 1)) put(verb, "fleet-allow" substr(place, 1, 1), network, "")
    }
    # What is to be in the sets, as it was written: `SET,NETWORK,SECONDS` each. Nothing where not all of it was.
    function find_few(   word, line) {
      close(map); close(work "/allow")
      while ((getline line < map) > 0) if (!index(line, "#")) { read_back++; split(line, word, " "); if (word[5] == "blocked") put_few(set_of(word[1], word[2]), word[1], left(word[4])) }
      while ((getline line < (work "/allow")) > 0) put_few("fleet-allow" (index(line, ":") ? 6 : 4), line, 0)
      if (read_back != lines + 0) few = ""
    }
    function put_few(set, network, seconds,   n, i, one) {
      if (families !~ (index(network, ":") ? 6 : 4)) return
      n = sides(network, one)
      for (i = 1; i <= n; i++) few = few set "," one[i] "," seconds ";"
    }
    BEGIN {
      hook = "unknown"
      map = work "/map"; todo = work "/change"; refused = work "/refused"; told = work "/told"
      printf "" > map; printf "" > todo; printf "" > refused; printf "" > told; printf "" > (work "/allow"); printf "" > (work "/counts"); printf "" > (work "/filled")
      # Only for who asks for it to be done. All of it is taken, whatever ipset says.
      if (!alone && flags !~ /,dry,/) fill = "ipset restore -exist 2>" work "/error && echo whole >" work "/filled || cat >/dev/null"
      while (kept != "" && (getline line < allow_kept) > 0) was_allowed[key(line)] = line
      if (kept != "" && (getline header < kept) <= 0) kept = ""
      first = kept == ""
      split(header, word, /[ =]/)
      srand(); clock = srand(); skew = clock - now
      if (skew >= -30 && skew <= 30) skew = 0
      else if (skew - word[4] >= -30 && skew - word[4] <= 30) skew = word[4]
      # Who has only its own word for the time says nothing new of it.
      old_skew = word[4] + 0
      if (alone) { skew = word[4] + 0; if (clock < word[6]) clock = word[6] }
      find_then()
      printf "#fleet-blocks 1 skew=%d saved=%d since=%d n=%d\n", then == now ? skew : old_skew, clock, since, word[10] + 1 > map
      next_kept()
      if (client != "") allow(client)
    }
    index($0, mark) == 1 { part = substr($0, length(mark) + 1); if (part == "end") { whole = 1; exit }; if (part == "map" && evens) learn_protected(); next }
    part == "allow" { allow($1) }
    part == "even" { even[key($1)] = 1; evens++ }
    part == "map" {
      if (NF != 5 || ($1 "") <= (last "")) { unsorted = 1; exit }
      last = $1; asked++
      while (old[1] != "" && (old[1] "") < ($1 "")) keep_old()
      # Nearly all lines that are new: what take() does with them, at a third of its price.
      if ((old[1] "") != ($1 "") && $5 == "blocked" && !index($1, ":") && is_plain($1) && (!$4 || $4 > now + 10)) {
        print > map
        set = $2 == "both" ? "fleet-block4" : "fleet-block4-" $2
        time = $4 ? left($4) : 0
        if (filling) { print "add", set "-new", $1, "timeout", time | fill; held[set]++ } else put("add", set, $1, " timeout " time)
        lines++; entries++; words++; obeyed++
        next
      }
      take()
    }
    END {
      while (old[1] != "") keep_old()
      for (place in was_allowed) let_through("del", place, was_allowed[place])
      if (filling) close(fill)
      if (filling) for (set in held) print set, held[set], soon[set] + 0 > (work "/counts")
      if (ruled) {
        hook = "stands"
        if (families ~ 4) read_hook(4)
        if (families ~ 6) read_hook(6)
        if (unreadable) hook = "unreadable"
        if (lines <= 50 && hook == "stands") find_few()
      }
      print (whole && !unsorted) + 0, lines + 0, entries + 0, words + 0, dropped + 0, changes + 0, refusals + 0, allows + 0, skew + 0, old_skew + 0, then, (lines + 0 == asked + 0 && obeyed + 0 == asked + 0), damaged + 0, hook, few
    }' >"$WORK/said" || return 1
  read -r whole lines entries words dropped changes refusals allows skew old_skew THEN as_ordered damaged hook few <"$WORK/said"
  filled=
  [ ! -s "$WORK/filled" ] || filled=yes
  [ "$whole" = 1 ]
}
