# shellcheck shell=sh
# A shell reads a program as it goes. A block that needs nothing of what stands behind this begins here.
SSH=${1:-}
verb=${2:-}
# Where the shell that was there already reads it.
PROGRAM=${FLEET_PROGRAM:-$PROGRAM}
[ $# -ge 2 ] && shift 2
families='4 6'
[ -e /proc/net/if_inet6 ] || families=4
case "$verb ,${2:-}," in
  *,dry,* | *,kill,*) ;;
  'block '*) verb_block "$@" ;;
esac
