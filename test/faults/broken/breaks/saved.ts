import type { Break } from '../break.ts'

/* What somebody saves before a change is confirmed. */

const FILE = 'host/program/saved.test.ts'

export const SAVED: readonly Break[] = [
  {
    name: 'lets-boot-what-was-saved-at-a-first-contact',
    file: 'host/undo.sh',
    from: '  put_disk_back "$GENERATIONS/staged-$NONCE/kept"\n  back=$back$disk\n',
    to: '',
    red: ['faults/saved.test.ts', 'netfilter-persistent save, at a first contact'],
  },
  {
    name: 'lets-boot-what-was-saved-while-it-is-stuck',
    file: 'host/undo.sh',
    from: '{ put_disk_back "$GENERATIONS/staged-$NONCE/kept"; become "ROLLING_BACK-$why" "STUCK-$why"; }',
    to: 'become "ROLLING_BACK-$why" "STUCK-$why"',
    red: [FILE, 'is no longer what boots where the rules can not come back'],
  },
  {
    name: 'lets-boot-what-was-saved-where-the-state-is-gone',
    file: 'host/guard.sh',
    from: '{ put_disk_back "$GENERATIONS/staged-$NONCE/kept"; return 0; }',
    to: 'return 0',
    red: [FILE, 'is taken back where the state of the change is gone'],
    says: /not in time/,
  },
  {
    name: 'takes-what-it-put-back-for-what-was-not-there',
    file: 'host/kept.sh',
    from: 'mv "$kept/$file.none" "$kept/$file.gone"',
    to: 'mv "$kept/$file.none" "$kept/$file"',
    red: [FILE, 'leaves the rest to the next one, at any step (no rules)'],
  },
  {
    name: 'keeps-what-boots-where-it-needs-room-to-go-back',
    file: 'host/kept.sh',
    from: 'else mv -T "$kept/$file" "$place"; fi',
    to: 'else write_through; fi',
    red: [FILE, 'needs no room to be taken back (rules of its own)'],
  },
  {
    name: 'says-nothing-of-what-boots-where-it-stays',
    file: 'host/kept.sh',
    from: '  [ -z "$stays" ] || disk=-saved-stays\n',
    to: '',
    red: [FILE, 'is said to boot where it can not be taken back'],
  },
  {
    name: 'loses-what-somebody-saved',
    file: 'host/kept.sh',
    from: '  ln -fL "$1" "$ETC/$file.unconfirmed" || cp -p "$1" "$ETC/$file.unconfirmed"\n',
    to: '',
    red: [FILE, 'netfilter-persistent save, on rules of its own'],
    says: /No such file/,
  },
  {
    name: 'makes-files-of-the-links-of-operators',
    file: 'host/kept.sh',
    from: 'if [ -L "$place" ]; then write_through;',
    to: 'if false; then write_through;',
    red: [FILE, 'is found in the file that a link of the operator leads to'],
  },
  {
    name: 'arms-without-what-boots',
    file: 'host/generation.sh',
    from: 'mkdir "$staged" && keep_disk || return 1',
    to: 'mkdir "$staged"; keep_disk',
    red: [FILE, 'what is kept of what boots is not armed without'],
  },
  {
    name: 'takes-what-was-saved-for-what-stood-before',
    file: 'host/generation.sh',
    from: '[ -d "$from" ] && [ ! -e "$from/of" ] || from=$ETC',
    to: 'from=$ETC',
    red: [FILE, 'is no part of what stood before fleet'],
  },
  {
    name: 'forgets-what-boots-in-a-removal',
    file: 'host/remove.sh',
    from: 'mkdir "$staged" && keep_disk || return 1',
    to: 'mkdir "$staged" && mkdir "$staged/kept" && echo x >"$staged/kept/x" || return 1',
    red: [FILE, 'is taken back from a removal too'],
  },
  {
    name: 'boots-what-was-saved-before-the-power-went',
    file: 'host/boot.sh',
    from: '    put_disk_back "$copy"\n',
    to: '    return\n',
    red: ['faults/saved.test.ts', 'and the power goes before they could be taken back'],
  },
  {
    name: 'boots-what-was-saved-on-a-disk-that-is-read-only',
    file: 'host/boot.sh',
    from: '{ last=$copy; return; }',
    to: 'return',
    red: [FILE, 'and where the disk is read-only besides'],
  },
  {
    name: 'boots-a-damaged-generation-beside-a-whole-one',
    file: 'host/boot.sh',
    from: '&& whole "$folder"; then last=$folder; fi',
    to: '&& false; then last=$folder; fi',
    red: [FILE, 'loads the newest whole one before it, and is loud'],
  },
  {
    name: 'takes-what-it-boots-for-rules-of-others',
    file: 'host/boot.sh',
    from: ' || lead_to ',
    to: ' || true ',
    red: ['faults/long/boot.test.ts', 'is loud where a file of rules is empty, and the next apply mends it'],
  },
  {
    name: 'boots-an-older-generation-in-silence',
    file: 'host/boot.sh',
    from: 'newest_is_whole; return; fi',
    to: 'return 0; fi',
    red: [FILE, 'loads the newest whole one before it, and is loud'],
  },
  {
    name: 'lifts-a-damaged-lockdown-at-boot',
    file: 'host/boot.sh',
    from: `  ! grep -qs '^ *"lockdown":' "$last/meta.json" || return 0\n`,
    to: '',
    red: [FILE, 'lifts no lockdown'],
  },
]
