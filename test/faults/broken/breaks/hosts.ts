import type { Break } from '../break.ts'

/* The first look at a host, its packages, and the way out of fleet. */

export const HOSTS: readonly Break[] = [
  {
    name: 'takes-an-unreadable-save-for-no-rules',
    file: 'host/observe.sh',
    from: '|| stop "$EXIT_REFUSED" cannot-read-rules "$(head -c 300 "$scratch/live-error")"',
    to: '',
    red: ['host/program/observe.test.ts', 'refuses when the rules cannot be read, instead of seeing none'],
  },
  {
    name: 'does-not-read-back-what-it-was-sent',
    file: 'host/head.sh',
    from: 'cat manifest; } | sha256sum -c >/dev/null 2>&1)',
    to: 'cat manifest; } >/dev/null 2>&1)',
    red: ['host/program/observe.test.ts', 'refuses a bundle with a byte changed'],
  },
  {
    name: 'does-not-ask-for-flock',
    file: 'host/head.sh',
    from: 'cp flock grep',
    to: 'cp grep',
    red: ['faults/long/shells.test.ts', 'what the guard stands on hears of it, one tool after the other'],
  },
  {
    name: 'does-not-ask-for-sort',
    file: 'host/head.sh',
    from: 'sleep sort sync',
    to: 'sleep sync',
    red: ['host/program/missing-tools.test.ts', 'and not named makes no difference (later)'],
  },
  {
    name: 'counts-time-on-a-clock-that-can-be-set',
    file: 'host/head.sh',
    from: 'read -r now _ </proc/uptime',
    to: 'now=$(date +%s).00',
    red: ['faults/long/clock.test.ts', "the host's, +1d: the deadline stays"],
  },
  {
    name: 'lets-apt-remove-packages',
    file: 'host/packages.sh',
    from: '! grep -q \'^Remv \' "$log" || stop',
    to: 'true || stop',
    red: ['faults/long/apt.test.ts', 'that would have to go: ufw'],
  },
  {
    name: 'lets-a-package-load-old-rules',
    file: 'host/packages.sh',
    from: 'mask || stop "$EXIT_REFUSED" cannot-mask netfilter-persistent',
    to: ':',
    red: ['faults/long/apt.test.ts', 'are not loaded by one that is killed in the middle'],
  },
  {
    name: 'masks-across-a-boot-what-was-enabled',
    file: 'host/packages.sh',
    from: 'mark yes && systemctl --quiet mask --runtime',
    to: 'mark yes && systemctl --quiet mask',
    red: [
      'faults/long/apt-power.test.ts',
      'unpacked: the power goes where netfilter-persistent was not set up',
    ],
  },
  {
    name: 'masks-until-a-boot-what-was-not-enabled',
    file: 'host/packages.sh',
    from: 'mark no && systemctl --quiet mask',
    to: 'mark no && systemctl --quiet mask --runtime',
    red: ['faults/long/apt-power.test.ts', 'the power goes at a first contact'],
  },
  {
    name: 'takes-the-mask-of-a-removed-package-for-one',
    file: 'host/packages.sh',
    from: '  forget_debs_mask\n',
    to: '',
    red: ['faults/long/apt-power.test.ts', 'the power goes at a first contact'],
  },
  {
    name: 'forgets-which-mask-was-its-own',
    file: 'host/packages.sh',
    from: '[ "$was_enabled" = yes ]',
    to: 'false',
    red: ['faults/long/apt-power.test.ts', 'somebody kills it, and what a boot loads is loaded again'],
  },
  {
    name: 'does-not-wait-for-who-holds-apt',
    file: 'host/packages.sh',
    from: 'is_locked && time_is_left || return "$code"',
    to: 'return "$code"',
    red: ['faults/long/apt.test.ts', 'who fetches its lists, for which apt itself does not wait'],
  },
  {
    name: 'forgets-a-removal-while-a-change-holds-the-host',
    file: 'host/remove.sh',
    from: '! who_owns || tell_busy "$held"',
    to: ':',
    red: ['host/program/removal.test.ts', 'is not forgotten while another change holds the host'],
  },
  {
    name: 'takes-its-links-away-before-it-puts-the-files-of-before',
    file: 'host/remove.sh',
    from: '[ ! -e "$staged/$1" ] || mv -T "$staged/$1" "$ETC/$1" || return 1',
    to: 'rm -f "$ETC/$1"; cp -p "$before/$1" "$ETC/$1"',
    red: [
      'host/program/removal-killed.test.ts',
      'boots the last generation or what stood before, at every step',
    ],
  },
  {
    name: 'goes-back-to-damaged-files-of-before',
    file: 'host/remove.sh',
    from: 'whole "$before" || stop "$EXIT_REFUSED" before-damaged "$before"',
    to: ':',
    red: ['host/program/removal.test.ts', 'is refused where what stood before is not whole: before-damaged'],
  },
]
