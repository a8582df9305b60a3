import type { Args } from '../../model/finding.ts'
import type { Sentences } from './sentence.ts'

const WHY: Readonly<Record<string, string>> = {
  deadline: 'no fresh connection of fleet came through before the time was up: the new rules lock it out',
  'apply-failed': "the new rules didn't load",
  mismatch: 'what was loaded is not what was wanted: something else changes rules at the same time',
  asleep: 'somebody put a table of its rules to sleep with nft (flags dormant), so none of them was in force',
  terminated: 'the guard was told to end',
  restarted: 'the guard was ended in the middle of it and started again',
  abandoned: 'the guard had died',
  asked: 'fleet asked for it',
  reboot: 'the host was booted before the change was confirmed',
  sets: 'but not what sets of IP addresses held before: somebody has made others of their names meanwhile',
}

/** `set-NAME` says which set; `set-` that none could be read. */
function whyOf(why: string): string {
  const [, set] = /^set-(.*)$/.exec(why) ?? []
  if (set === undefined) return WHY[why] ?? why
  const what =
    set === ''
      ? 'its sets of IP addresses could not be read back'
      : `the set ${set} held something else than was wanted`
  return `${what}: something there changes sets, or its ipset does not do what it says`
}

const SAVED: Readonly<Record<string, string>> = {
  aside:
    ' Somebody saved rules there meanwhile, with some that nobody confirmed: a boot loads what it did before all the same, and what was saved lies in /etc/iptables as rules.v4.unconfirmed, rules.v6.unconfirmed. What of it is to stay must be saved again.',
  boots:
    " But somebody saved rules there meanwhile, with some that nobody confirmed, and they couldn't be taken back from the disk: THE NEXT BOOT LOADS THEM. Mend /etc/iptables/rules.v4 and rules.v6 before the host boots (`iptables-save` shows what is in force), or apply again.",
}

const sayWhatBoots = ({ saved }: Args) => SAVED[String(saved)] ?? ''

const generation = (to: Args[string] | undefined) =>
  to === 0 ? 'what stood before fleet' : `generation ${String(to)}`

/** Of a host that was being taken back, and that isn't known to be there, or isn't there for good. */
function sayUnsettled({ to, state, last, detail }: Args): string {
  const where = generation(to)
  if (state === 'confirmed, not persisted')
    return `The rollout failed, and ${where} is in force there again, but the host wouldn't load it at its next boot${detail === '' ? '' : `: ${String(detail)}`}.`
  const begin = `The rollout failed, and this host was being taken back to ${where}`
  if (state === 'stuck')
    return `${begin}. That came to nothing, and the host couldn't put back the rules of this run yet either: it goes on trying every 2 seconds.`
  const how = last === 'let-go' ? 'was told to let go of it' : `lost sight of it (${String(last)})`
  return `${begin} when fleet ${how}. It has that by now, or the rules of this run: its guard puts those back if nobody confirms.`
}

/** Beyond it they are counted. */
const MOST_NAMED = 10

/** Of a query, which is of no host, what it said; of several hosts what the first one said. */
function failedBefore({ gate, hosts, detail }: Args): string {
  const [first = '', ...others] = Array.isArray(hosts) ? hosts : []
  const beyond = others.length + 1 - MOST_NAMED
  const named = [first, ...others].slice(0, MOST_NAMED).join(', ')
  const who = named && ` for ${named}${beyond > 0 ? ` and ${beyond} more` : ''}`
  const why = `${others.length > 0 ? `${first}: ` : ''}${String(detail)}`
  return `The gate ${String(gate)} failed before the change already${who} (${why}), so it doesn't count${who && ' there'}.`
}

export const rolloutSentences = {
  'session-stayed': () =>
    'The host still sees the SSH session that brought the change, so it never began (tried twice). Something keeps the connection open: look for ControlPersist, a proxy, or a hanging sshd process on the host.',
  'host-silent': a =>
    `The host took the change, and then didn't say what became of it${a.last === '' ? '' : ` (last error: ${String(a.last)})`}. If fleet can't reach it any more, it has put its old rules back by itself.`,
  'transaction-lost': () =>
    'The host no longer knows of the change, and its rules are neither the old nor the new ones as planned (it was booted, or somebody else changed them meanwhile).',
  'another-host': () =>
    "Another machine answers at the host's address now: it doesn't know the change that was handed over, and wasn't booted since. Nothing was confirmed, so the host itself puts its old rules back when its time is up. Look who has that address (a failover, a clone, an address given twice), and at the host from its console.",
  'not-persisted': a =>
    `The new rules are live and confirmed, but the host wouldn't load them at its next boot${a.detail === '' ? '' : `: ${String(a.detail)}`}.`,
  'rolled-back': a => `The host put its old rules back: ${whyOf(String(a.why))}.${sayWhatBoots(a)}`,
  'rollback-stuck': () => "The host couldn't put its old rules back yet, and goes on trying every 2 seconds.",
  'let-go': () =>
    'fleet was told to let go of this host before it answered. Its guard rolls it back unless it had confirmed already: look with `fleet plan`.',
  disarmed: a => `The guard was disarmed before it changed anything (${String(a.why)}): nothing was changed.`,
  'arm-lost': () =>
    'The connection broke off while the change was being handed over, and the host never began it.',
  removed: a =>
    a.blocks === 'kept'
      ? "fleet's rules are gone from the host, and what stood before them is in force and boots. What `fleet block` blocks there stays blocked."
      : 'fleet is gone from the host, and what stood before it is in force and boots.',
  'blocks-stay': a =>
    `fleet's rules are gone, but what is blocked there still is (${String(a.last)}). \`fleet remove\` once more takes it away.`,
  'removed-not-forgotten': () =>
    "What stood before fleet is in force and boots, but the host hasn't said that fleet's own files in /var/lib/fleet and /etc/iptables/fleet are gone. They do nothing; `fleet remove` takes away what is still there.",
  'taken-back': a =>
    a.to === 0
      ? 'The rollout failed, and what stood before fleet is in force there again.'
      : `The rollout failed, and generation ${String(a.to)} is in force there again.`,
  'not-taken-back': a =>
    `The rollout failed, and this host was to be taken back to generation ${String(a.to)}, which failed too (${String(a.state)}: ${String(a.last)}): it stands on its new rules.`,
  'return-unsettled': sayUnsettled,
  'gate-fail': a =>
    `The gate ${String(a.gate)} passed before the change and fails after it${a.host === '' ? '' : ` for ${String(a.host)}`}: ${String(a.detail)}.`,
  'gates-late': () =>
    'Its gates took longer than there was time to confirm the change, so it put its old rules back: give them a shorter timeout, or the change a longer --confirm-timeout.',
  'gate-failed-before': failedBefore,
  'gate-inconclusive': a =>
    `The gate ${String(a.gate)} can't be read${a.host === '' ? '' : ` for ${String(a.host)}`}: ${String(a.detail)}.`,
  'not-as-left': () =>
    'It was changed and confirmed, but when it was looked at again, its rules were not what fleet had left there.',
  'lost-again': () => 'It was changed and confirmed, but when it was looked at again, it did not answer.',
  'wants-promotion': a => `Stage ${String(a.stage)} is done. The next one begins when somebody promotes it.`,
  'budget-spent': a => `${beyond(a)} failed, and ${noMore(a)} may.`,
  'stage-budget-spent': a => `${beyond(a)} of stage ${String(a.stage)} failed, and ${noMore(a)} may.`,
  'too-many-skipped': a => `${beyond(a)} could not be reached, and ${noMore(a)} may be passed over.`,
  'host-overdue': a =>
    `It wasn't done within ${String(a.seconds)} s (hostTimeout), so nothing was confirmed there: it has its old rules.`,
  'run-overdue': () => "The run's time is up (timeout), and no host is started any more.",
  'window-over': () => 'The time in which hosts may be changed is over.',
  stopped: () => 'It was stopped.',
  'beyond-stages': () => 'The stages of the run ended before it.',
  'never-armed': () => 'fleet died before its turn, and nothing was changed there.',
  'half-removed': () =>
    "The host was booted in the middle of the removal: what stood before fleet is in force and boots, and some of fleet's files are still there.",
} satisfies Sentences

/** How many it were in the end isn't known when it is said first: those in flight go on. */
const beyond = ({ borne }: Args) =>
  borne === 0 ? 'At least one host' : `More than ${String(borne)} ${borne === 1 ? 'host' : 'hosts'}`
const noMore = ({ borne }: Args) => (borne === 0 ? 'none' : 'no more')
