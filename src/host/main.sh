# shellcheck shell=sh
# The table of verbs.
SSH=${1:-}
verb=${2:-}
[ $# -ge 2 ] && shift 2
find_run
case $verb in
  observe) verb_observe "$@" ;;
  arm) verb_arm "$@" ;;
  go) verb_go "$@" ;;
  await) verb_await "$@" ;;
  confirm) verb_confirm "$@" ;;
  rollback) verb_rollback "$@" ;;
  status) verb_status "$@" ;;
  packages) verb_packages "$@" ;;
  guard) verb_guard "$@" ;;
  canonical) verb_canonical "$@" ;;
  reprint) verb_reprint "$@" ;;
  rehearse-change) verb_rehearse_change "$@" ;;
  rehearse-boot) verb_rehearse_boot "$@" ;;
  report) verb_report "$@" ;;
  forget) verb_forget "$@" ;;
  rehearse-before) verb_rehearse_before "$@" ;;
  boot-12-fleet) verb_boot_12_fleet "$@" ;;
  boot-30-fleet) verb_boot_30_fleet "$@" ;;
  *) stop "$EXIT_REFUSED" unknown-verb "$verb" ;;
esac
