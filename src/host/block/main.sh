# shellcheck shell=sh
# The table of verbs.
case $verb in
  block) verb_block "$@" ;;
  block-check) verb_block_check "$@" ;;
  block-persist) verb_block_persist "$@" ;;
  block-refresh) verb_block_refresh ;;
  block-remove) verb_block_remove ;;
  feeds) verb_feeds "$@" ;;
  watch) verb_watch "$@" ;;
  rehearse-blocks) verb_rehearse_blocks "$@" ;;
  boot-11-fleet-block) verb_boot_11_fleet_block "$@" ;;
  boot-40-fleet-block) verb_boot_40_fleet_block "$@" ;;
  *) stop "$EXIT_REFUSED" unknown-verb "$verb" ;;
esac
