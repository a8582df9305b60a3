# shellcheck shell=sh
# What no block may cover unless the order says so: what this host is, and what it lives by. Which networks cover it is
# worked out for the lengths that an order has, so that a line costs a look, however many there are.
# shellcheck disable=SC2016
AWK_PROTECTED='
  # 1: it is protected from now on, or was already.
  function protect(what, network,   bits, digits, family) {
    if (network == "") return 0
    digits = hex(base_of(network))
    family = network ~ /:/ ? 6 : 4
    for (bits = evens ? length_of(network) : -1; bits >= 0; bits--) if ((family cut(digits, bits) "/" bits) in even) {
      # It may be covered, and is this host all the same: what it sends comes from there.
      if (what == "own") allow(network)
      return 0
    }
    if (key(network) in is_known) return 1
    is_known[key(network)] = 1
    protected_count++
    protected_what[protected_count] = what
    protected_network[protected_count] = network
    protected_digits[protected_count] = family digits
    return 1
  }
  # All networks of a length that cover something.
  function learn(family, bits,   i, place) {
    if ((family, bits) in is_learnt) return
    is_learnt[family, bits] = 1
    for (i = 1; i <= protected_count; i++) {
      if (index(protected_digits[i], family) != 1 || length_of(protected_network[i]) < bits) continue
      place = family cut(substr(protected_digits[i], 2), bits) "/" bits
      if (place in covers) continue
      covers[place] = protected_what[i] " " protected_network[i]
      if (family == 4) covers4[dotted(place)] = covers[place]
    }
  }
  # As a map has it.
  function dotted(place,   part, i, out) {
    split(substr(place, 2), part, "/")
    part[1] = substr(part[1] "00000000", 1, 8)
    for (i = 1; i < 8; i += 2) out = out (i > 1 ? "." : "") number(substr(part[1], i, 2))
    return part[2] == 32 ? out : out "/" part[2]
  }
  # One of those within which nothing may be blocked at all.
  function protect_range(what, network) {
    if (protect(what, network)) ranges[++range_count] = what " " network
  }
  function little_endian(digits,   i, out) {
    for (i = 7; i > 0; i -= 2) out = out (out == "" ? "" : ".") number(substr(digits, i, 2))
    return out
  }
  function number(digits,   i, sum) {
    digits = tolower(digits)
    for (i = 1; i <= length(digits); i++) sum = sum * 16 + index("0123456789abcdef", substr(digits, i, 1)) - 1
    return sum
  }
  function colons(digits,   i, out) {
    for (i = 1; i < 32; i += 4) out = out (i > 1 ? ":" : "") substr(digits, i, 4)
    return out
  }
  function learn_protected(   line, word, file, last) {
    split("0.0.0.0/0 0.0.0.0/1 128.0.0.0/1 ::/0 ::/1 8000::/1", word, " ")
    for (last = 1; last <= 6; last++) if (!(key(word[last]) in even)) covers[key(word[last])] = covers4[word[last]] = "too-wide " word[last]
    protect("client", client)
    protect_range("loopback", "127.0.0.0/8"); protect_range("loopback", "::1")
    protect_range("link-local", "169.254.0.0/16"); protect_range("link-local", "fe80::/10")
    protect_range("multicast", "224.0.0.0/4"); protect_range("multicast", "ff00::/8")
    protect_range("unspecified", "0.0.0.0"); protect_range("unspecified", "::")
    while ((getline line < "/proc/net/fib_trie") > 0) {
      if (line ~ /[|]-- /) { split(line, word, "-- "); last = word[2] }
      else if (line ~ /\/32 host LOCAL/ && last !~ /^127\./ && !(last in own)) { own[last] = 1; protect("own", last) }
    }
    while ((getline line < "/proc/net/if_inet6") > 0) { split(line, word, " "); protect("own", colons(word[1])) }
    while ((getline line < "/proc/net/route") > 0) {
      split(line, word, "\t")
      if (word[2] == "00000000" && word[8] == "00000000" && word[3] != "00000000") protect("gateway", little_endian(word[3]))
    }
    while ((getline line < "/proc/net/ipv6_route") > 0) {
      split(line, word, " ")
      if (word[2] == "00" && word[5] !~ /^0*$/) protect("gateway", colons(word[5]))
    }
    split("/etc/resolv.conf /run/systemd/resolve/resolv.conf", file, " ")
    for (last = 1; last <= 2; last++)
      while ((getline line < file[last]) > 0) if (split(line, word, " ") > 1 && word[1] == "nameserver" && word[2] ~ /^[0-9a-fA-F.:]+$/) protect("resolver", tolower(word[2]))
    has_learnt = 1
  }
  function within(network, range,   bits) {
    if ((network ~ /:/) != (range ~ /:/)) return 0
    bits = length_of(range)
    return length_of(network) >= bits && cut(hex(base_of(network)), bits) == cut(hex(base_of(range)), bits)
  }
  # Sets `covered`.
  function is_protected(network,   family, place, i, range) {
    if (!has_learnt) learn_protected()
    family = index(network, ":") ? 6 : 4
    learn(family, length_of(network))
    place = key(network)
    if (place in covers) { covered = covers[place]; return 1 }
    if (network !~ /^(127|169|22|23|0)|^(::|[fF])/) return 0
    for (i = 1; i <= range_count; i++) {
      split(ranges[i], range, " ")
      if (within(network, range[2]) && !(place in even)) { covered = ranges[i]; return 1 }
    }
    return 0
  }'
