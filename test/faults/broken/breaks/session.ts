import type { Break } from '../break.ts'

/* What a host says, who says it, and how long that may take. */

export const SESSION: readonly Break[] = [
  {
    name: 'takes-a-changed-host-key',
    file: 'session/known-host.ts',
    from: "if (other) throw refuse('host-key-changed', target, key, other)",
    to: "if (other) return 'new'",
    red: ['faults/long/other-hosts.test.ts', 'with another host key: nobody logs in there'],
  },
  {
    name: 'hears-of-another-host-that-it-is-unknown',
    file: 'session/known-host.ts',
    from: "if (other) throw refuse('host-key-changed', target, key, other)",
    to: "if (other) return 'new'",
    red: ['faults/long/another-host.test.ts', 'another host stays at the address'],
  },
  {
    name: 'tries-once-where-sshd-breaks-off-before-login',
    file: 'session/pool.ts',
    from: 'const TRIES = 3',
    to: 'const TRIES = 1',
    red: ['faults/sshd.test.ts', 'is full (MaxStartups): unreachable after three tries'],
  },
  {
    name: 'gives-a-login-no-more-time-than-a-connection',
    file: 'session/deadline.ts',
    from: '{ connect: 1, handshake: 3, auth: 3 }',
    to: '{ connect: 1, handshake: 0.3, auth: 0.3 }',
    red: [
      'faults/network.test.ts',
      'over a line so far that a login takes several times the connect timeout',
    ],
  },
  {
    name: 'takes-silence-while-it-sends-for-death',
    file: 'session/ssh.ts',
    from: '    takeAllForLife(client, socket)\n',
    to: '',
    red: ['faults/long/network.test.ts', 'carry an input that takes longer than a connection may be silent'],
  },
  {
    name: 'takes-a-hung-command-for-one-that-did-nothing',
    file: 'session/channel.ts',
    from: "fail('exec-timeout', { seconds: timeout / 1000 })",
    to: "fail('exec-timeout', { seconds: timeout / 1000 }, 'failed')",
    red: ['faults/long/lying-host.test.ts', 'at await-once'],
  },
  {
    name: 'keeps-all-that-a-host-prints',
    file: 'session/channel.ts',
    from: '    room -= chunk.length\n',
    to: '',
    red: ['faults/long/lying-hosts.test.ts', 'save-endless is taken for what it is'],
  },
  {
    name: 'believes-an-exit-code-that-is-not-the-programs',
    file: 'host/call.ts',
    from: '|| readCode(stdout, marker) !== code)',
    to: ')',
    red: ['faults/long/lying-hosts.test.ts', 'arm-12 is taken for what it is'],
  },
  {
    name: 'runs-a-program-that-was-changed',
    file: 'host/program.ts',
    from: '; case $(sha256sum "$p" 2>/dev/null) in "$2"*) ;; *) exit 20 ;; esac; ',
    to: '; [ -e "$p" ] || exit 20; ',
    red: ['host/program/observe.test.ts', 'is stored at the first contact, and again when it is damaged'],
    says: /host-answer-unreadable|AssertionError/,
  },
  {
    name: 'stores-a-program-that-broke-off',
    file: 'host/program.ts',
    from: 'cat >"$t" && case $(sha256sum <"$t") in "$2"*) sync "$t" && mv',
    to: 'cat >"$t" && case "$2" in "$2"*) sync "$t" && mv',
    red: ['host/program/observe.test.ts', 'is not stored from a stream that broke off'],
  },
  {
    name: 'listens-to-the-first-words-of-sudo-only',
    file: 'session/channel.ts',
    from: 'latest = Buffer.concat([latest, chunk]).subarray(-STDERR_KEPT)',
    to: 'latest = Buffer.concat([latest, chunk]).subarray(0, STDERR_KEPT)',
    red: ['faults/long/odd-logins.test.ts', "that can be worked with: 'asked'"],
  },
]
