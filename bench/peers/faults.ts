import type { LabHost } from '../../src/lab/host.ts'
import type { Shape } from '../../test/faults/far-line.ts'
import { startDocker } from '../../test/integration/hosts/foreign.ts'
import type { Blow } from './blows.ts'
import * as blows from './blows.ts'
import * as rules from './rules.ts'

/** What is done to a host and to whoever works on it. */
export interface Fault {
  readonly name: string
  readonly title: string
  /** What the tool is asked to bring to the host. */
  readonly rules: rules.Rules
  /** Where the host must be in the end; `said` is wherever the tool says. */
  readonly ends: 'OLD' | 'NEW' | 'said'
  readonly systemd?: boolean
  /** With iptables-legacy instead of iptables-nft. */
  readonly legacy?: boolean
  /** No rules at all before. */
  readonly empty?: boolean
  /** The controller comes by IPv6. */
  readonly six?: boolean
  /** Chains of Docker's belong to it: they have to be there in the end as they came. */
  readonly docker?: boolean
  /** What `tc` makes of its network until the tool has ended. */
  readonly shape?: string
  /** What it hangs from meanwhile, where the kernel has no such discipline. */
  readonly line?: Shape
  /** Milliseconds that a tool may take, if not the usual ones. */
  readonly patience?: number
  /** On the host, before the tool begins. */
  readonly before?: (host: LabHost) => Promise<void>
  /** Between the moment that the rules are in force and the end of the tool's patience. */
  readonly blow?: Blow
  /** Nothing is heard of the tool any more. */
  readonly silent?: boolean
  /** Milliseconds that the host has beyond the deadline, if not the usual ones. */
  readonly grace?: number
  /** The tool's second connection waits until the blow has fallen: rules that are fine are confirmed at once. */
  readonly held?: boolean
}

export const FAULTS: readonly Fault[] = [
  { name: 'input', title: 'INPUT drops everything', rules: rules.INPUT_DROP, ends: 'OLD' },
  { name: 'new', title: 'New connections are dropped, old ones live on', rules: rules.NEW_DROP, ends: 'OLD' },
  { name: 'output', title: 'OUTPUT drops everything', rules: rules.OUTPUT_DROP, ends: 'OLD' },
  { name: 'reject', title: 'New connections are rejected', rules: rules.REJECT, ends: 'OLD' },
  {
    name: 'closed',
    title: "sshd's port drops everything, old connections too",
    rules: rules.CLOSED,
    ends: 'OLD',
  },
  { name: 'raw', title: "The table raw drops what is for sshd's port", rules: rules.RAW_DROP, ends: 'OLD' },
  {
    name: 'limit',
    title: 'One new connection an hour gets in, and somebody else has it',
    rules: rules.LIMIT,
    ends: 'OLD',
    blow: blows.takeTurn,
    held: true,
  },
  {
    name: 'first',
    title: 'INPUT drops everything, on a host that had no rules',
    rules: rules.INPUT_DROP,
    ends: 'OLD',
    empty: true,
  },
  {
    name: 'six',
    title: 'IPv6 rules shut out the controller, who comes by IPv6; IPv4 rules are fine',
    rules: rules.SIX_DROP,
    ends: 'OLD',
    six: true,
  },
  {
    name: 'table',
    title: 'The second table of IPv4 does not load',
    rules: rules.BAD_TABLE,
    ends: 'OLD',
  },
  {
    name: 'family',
    title: 'IPv4 loads, IPv6 does not',
    rules: rules.BAD_FAMILY,
    ends: 'OLD',
  },
  {
    name: 'killed',
    title: 'Controller killed (`kill -9`) in the window; the rules are fine',
    rules: rules.NEW,
    ends: 'OLD',
    blow: blows.killController,
    silent: true,
    held: true,
  },
  {
    name: 'hangup',
    title: 'Controller killed (`kill -9`) in the window; new connections are dropped',
    rules: rules.NEW_DROP,
    ends: 'OLD',
    blow: blows.killController,
    silent: true,
  },
  {
    name: 'guard',
    title: 'What would roll back is killed (`kill -9`) in the window (systemd); new connections are dropped',
    rules: rules.NEW_DROP,
    ends: 'OLD',
    systemd: true,
    blow: blows.killGuard,
  },
  {
    name: 'term',
    title: 'What would roll back is told to end (TERM) in the window (systemd); new connections are dropped',
    rules: rules.NEW_DROP,
    ends: 'OLD',
    systemd: true,
    blow: blows.endGuard,
  },
  {
    name: 'sshd',
    title: 'sshd stops for 20 s in the window; the rules are fine',
    rules: rules.NEW,
    ends: 'said',
    blow: blows.stopSshd,
    held: true,
  },
  {
    name: 'power',
    title: 'Power lost in the window (systemd); new connections are dropped',
    rules: rules.NEW_DROP,
    ends: 'OLD',
    systemd: true,
    blow: blows.cutPower,
  },
  {
    name: 'reboot',
    title: 'Nothing: confirmed, and later the power is lost (systemd)',
    rules: rules.NEW,
    ends: 'NEW',
    systemd: true,
  },
  {
    name: 'disk',
    title: 'Disk full before; INPUT drops everything',
    rules: rules.INPUT_DROP,
    ends: 'OLD',
    before: blows.fillDisk,
  },
  {
    name: 'inodes',
    title: 'No inode left before; INPUT drops everything',
    rules: rules.INPUT_DROP,
    ends: 'OLD',
    before: blows.useUpInodes,
  },
  {
    name: 'readonly',
    title: '`/etc/iptables` read-only; the rules are fine',
    rules: rules.NEW,
    ends: 'said',
    before: blows.protectRules,
  },
  {
    name: 'two',
    title: 'The controller goes silent in the window, another one comes with other rules',
    rules: rules.NEW,
    ends: 'said',
    blow: blows.comeSecond,
    held: true,
  },
  {
    name: 'lock',
    title: 'Somebody holds the xtables lock from the window on (legacy); new connections are dropped',
    rules: rules.NEW_DROP,
    ends: 'OLD',
    legacy: true,
    blow: blows.holdLock,
    grace: 30_000,
  },
  {
    name: 'docker',
    title: 'Docker starts in the window; new connections are dropped',
    rules: rules.NEW_DROP,
    ends: 'OLD',
    docker: true,
    blow: ({ host }) => startDocker(host),
  },
  {
    name: 'beside',
    title: "Nothing: confirmed, on a host with Docker's chains",
    rules: rules.NEW,
    ends: 'NEW',
    docker: true,
    before: startDocker,
  },
  {
    name: 'slow',
    title: 'A link of 64 kbit/s; new connections are dropped',
    rules: rules.NEW_DROP,
    ends: 'OLD',
    shape: 'tbf rate 64kbit burst 16kb latency 2s',
    patience: 300_000,
  },
  {
    name: 'loss',
    title: 'Each tenth packet is lost; the rules are fine',
    rules: rules.NEW,
    ends: 'said',
    line: { delay: 0.02, loss: 0.1 },
    patience: 300_000,
  },
  {
    name: 'cut',
    title: 'Link cut for 20 s in the window; the rules are fine',
    rules: rules.NEW,
    ends: 'said',
    blow: blows.cutLink,
    held: true,
  },
]
