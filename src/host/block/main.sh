# shellcheck shell=sh
# The table of verbs.
SSH=${1:-}
verb=${2:-}
[ $# -ge 2 ] && shift 2
families='4 6'
[ -e /proc/net/if_inet6 ] || families=4
case $verb in
  block) verb_block "$@" ;;
  watch) verb_watch "$@" ;;
  *) stop "$EXIT_REFUSED" unknown-verb "$verb" ;;
esac
