import { beforeAll, describe, expect, it } from 'vitest'
import { type Lie, lieAs, lieAt, lieInShell, lieOnceAt, repent, serveInstead } from '../liar.ts'
import { PEAK_LIMIT, peakOf } from '../peak.ts'
import { tells } from '../story.ts'
import { type Attempt, useTrial } from '../trial.ts'

/*
 * Hosts that lie, all of them in one run with an honest one: garbage, 1 GB, wrong exit codes, tools that do other
 * than they say. What a host says never makes it good; what it does, does.
 */

interface Liar {
  readonly lie: Lie
  /** The verdict; where it says a side, the host is on it. */
  readonly ends: string
}

const GARBAGE = 'echo "Segmentation fault"; echo "*filter"; echo "-A INPUT what is this"'
const RULES = "yes -- '-A INPUT -s 192.0.2.1/32 -j ACCEPT'"
const AT_LOADING = 'case "$*" in *"-w 5"*)'

/** Not in the namespaces where fleet tries things. */
const LIVE_RESTORE = '[ "$1" = restore ] && [ /proc/self/ns/net -ef /proc/1/ns/net ]'
const fills = (script: string) => lieAs('ipset', `if ${LIVE_RESTORE}; then ${script}; exit; fi; honest "$@"`)

const LIARS: Readonly<Record<string, Liar>> = {
  // What the tools print.
  'save-garbage': { lie: lieAs('iptables-save', GARBAGE), ends: 'failed: save-unreadable' },
  'save-binary': {
    lie: lieAs('iptables-save', 'head -c 300000 /dev/urandom'),
    ends: 'failed: save-unreadable',
  },
  'save-endless': {
    lie: lieAs('iptables-save', `echo '*filter'; ${RULES} | head -c 1G`),
    ends: 'unknown: output-too-large',
  },
  'save-fails': { lie: lieAs('iptables-save', 'honest "$@"; exit 1'), ends: 'refused: host-refuses' },
  'save-empty': { lie: lieAs('iptables-save', 'exit 0'), ends: 'refused: host-loses-rules' },
  // What they do.
  'loads-nothing': {
    lie: lieAs('iptables-restore', 'cat >/dev/null; exit 0'),
    ends: 'refused: host-loses-rules',
  },
  'loads-less': {
    lie: lieAs('iptables-restore', 'grep -v 8443 | honest "$@"'),
    ends: 'refused: host-loses-rules',
  },
  'loads-no-policy': {
    lie: lieAs('iptables-restore', 'sed \'s/^:INPUT DROP/:INPUT ACCEPT/\' | honest "$@"'),
    ends: 'refused: host-loses-rules',
  },
  'loads-nothing-live': {
    lie: lieAs('iptables-restore', `${AT_LOADING} cat >/dev/null; exit 0 ;; esac; honest "$@"`),
    ends: 'reverted: rolled-back',
  },
  'loads-less-live': {
    lie: lieAs('iptables-restore', `${AT_LOADING} grep -v 8443 | honest "$@"; exit ;; esac; honest "$@"`),
    ends: 'reverted: rolled-back',
  },
  // The same of IPv6, behind an honest IPv4.
  'save-empty-6': { lie: lieAs('ip6tables-save', 'exit 0'), ends: 'refused: host-loses-rules' },
  'loads-nothing-6': {
    lie: lieAs('ip6tables-restore', 'cat >/dev/null; exit 0'),
    ends: 'refused: host-loses-rules',
  },
  'loads-nothing-live-6': {
    lie: lieAs('ip6tables-restore', `${AT_LOADING} cat >/dev/null; exit 0 ;; esac; honest "$@"`),
    ends: 'reverted: rolled-back',
  },
  'loads-less-live-6': {
    lie: lieAs('ip6tables-restore', `${AT_LOADING} grep -v 8443 | honest "$@"; exit ;; esac; honest "$@"`),
    ends: 'reverted: rolled-back',
  },
  // What they do with sets.
  'set-fails': { lie: fills('exit 1'), ends: 'reverted: rolled-back' },
  'set-fills-nothing': { lie: fills('cat >/dev/null'), ends: 'reverted: rolled-back' },
  'set-fills-less': { lie: fills('grep -v 198.51.100.7 | honest "$@"'), ends: 'reverted: rolled-back' },
  'set-saves-nothing': {
    lie: lieAs('ipset', '[ "$1" = save ] || honest "$@"'),
    ends: 'reverted: rolled-back',
  },
  'set-never-fills': {
    lie: lieAs('ipset', 'if [ "$1" = restore ]; then cat >/dev/null; else honest "$@"; fi'),
    ends: 'refused: candidate-does-not-load',
  },
  // What the login shell prints beside it.
  'floods-before': { lie: lieInShell("' fleet '", 'yes'), ends: 'unknown: output-too-large' },
  'floods-errors': { lie: lieAt('observe', 'yes >&2'), ends: 'unknown: output-too-large' },
  'floods-after-arm': { lie: lieAt('arm', 'honest "$@"; yes'), ends: 'persisted' },
  'floods-after-confirm': { lie: lieOnceAt('confirm', 'honest "$@"; yes'), ends: 'persisted' },
  // What it ends with.
  'observe-0': { lie: lieAt('observe', 'exit 0'), ends: 'failed: shell-refused' },
  'observe-255': { lie: lieAt('observe', 'honest "$@"; exit 255'), ends: 'unknown: host-answer-unreadable' },
  'arm-0': { lie: lieAt('arm', 'honest "$@" >/dev/null; exit 0'), ends: 'persisted' },
  'arm-12': { lie: lieAt('arm', 'honest "$@"; exit 12'), ends: 'persisted' },
  'arm-20': { lie: lieAt('arm', 'honest "$@"; exit 20'), ends: 'persisted' },
  'arm-not': { lie: lieAt('arm', 'exit 0'), ends: 'failed: arm-lost' },
  'await-11': { lie: lieOnceAt('await', 'honest "$@"; exit 11'), ends: 'persisted' },
  'confirm-17': { lie: lieOnceAt('confirm', 'honest "$@"; exit 17'), ends: 'persisted' },
  'confirm-255': { lie: lieOnceAt('confirm', 'honest "$@"; exit 255'), ends: 'persisted' },
  'confirm-0': {
    lie: lieAt('confirm', 'sh /var/lib/fleet/rollback >/dev/null; honest "$@"; exit 0'),
    ends: 'reverted: rolled-back',
  },
  // No code at all.
  'killed-at-observe': { lie: lieAt('observe', 'kill -9 $$'), ends: 'unknown: host-answer-unreadable' },
  'killed-after-arm': { lie: lieAt('arm', 'honest "$@"; kill -9 $$'), ends: 'persisted' },
  'killed-after-confirm': { lie: lieOnceAt('confirm', 'honest "$@"; kill -9 $$'), ends: 'persisted' },
  // No SSH at all.
  'silent-after-accept': {
    lie: (trial, host) => trial.must(host, 'kill -STOP "$(cat /run/sshd.pid)"'),
    ends: 'unreachable: handshake-timeout',
  },
  'floods-handshake': {
    lie: serveInstead('print $c "no SSH here\\n" x 1000'),
    ends: 'unreachable: handshake-failed',
  },
  // The program that fleet keeps on a host has its content for a name.
  'program-replaced': {
    lie: (trial, host) =>
      trial.must(
        host,
        "sed -i 's,^holds() {.*,holds() { : >/run/lied; return 0; },' /var/lib/fleet/host-*.sh",
      ),
    ends: 'persisted',
  },
}

const NAMES = Object.keys(LIARS)
/** So many that they become a set. */
const SOURCES = Array.from({ length: 20 }, (_, at) => `'198.51.100.${2 * at + 1}'`)
const rowOf = (name: string) =>
  name.startsWith('set-') ? `${name} http_from="[${SOURCES.join(', ')}]"` : name
const trial = useTrial('lying-host', ['honest', ...NAMES])

let attempt: Attempt
let verdict: Awaited<ReturnType<Attempt['running']['verdict']>>
let peak = 0

beforeAll(async () => {
  await Promise.all(Object.entries(LIARS).map(([name, { lie }]) => lie(trial, name)))
  attempt = await trial.begin(['honest', ...NAMES].map(rowOf), '--confirm-timeout', '30')
  peak = await peakOf(attempt.running)
  verdict = await attempt.running.verdict()
  await Promise.all(NAMES.map(name => repent(trial, name)))
})

describe.concurrent('among hosts that lie', () => {
  it('the honest one is changed as if it were alone', async () => {
    expect(verdict.hosts).toMatchObject({ honest: 'persisted' })
    await trial.isOn('honest', 'NEW')
  })

  it('the run ends with the worst of them, and with bounded memory', () => {
    expect(verdict.code).toBe(4)
    expect(peak).toBeGreaterThan(0)
    expect(peak).toBeLessThan(PEAK_LIMIT)
  })

  it.each(NAMES)('%s is taken for what it is', async name => {
    const said = LIARS[name]?.ends ?? ''
    expect(verdict.hosts[name]).toBe(said)
    await tells(attempt.site, name, said)
    await trial.isOn(name, said === 'persisted' ? 'NEW' : 'OLD')
  })
  it('a program that was replaced has not run, and is whole again', async () => {
    const names = '/var/lib/fleet/host-*.sh'
    const files = await trial.must('program-replaced', `ls ${names}; sha256sum ${names}; ! ls /run/lied`)
    const [, hash] = /host-([0-9a-f]+)\.sh/.exec(files) ?? []
    expect(files).toMatch(new RegExp(`^${hash}[0-9a-f]{48} `, 'm'))
  })
})
