import type { Args } from '../../model/finding.ts'
import type { Sentences } from './sentence.ts'

const list = (value: Args[string] | undefined): string =>
  Array.isArray(value) ? value.join(', ') : String(value ?? '')

/** Beyond it they are counted. */
const MOST_NAMED = 10

const counted = (names: readonly string[]): string =>
  names.length > MOST_NAMED
    ? `${names.slice(0, MOST_NAMED).join(', ')} and ${names.length - MOST_NAMED} more`
    : names.join(', ')

export const cliSentences = {
  'plan-unwritable': a => `The plan can't be written: ${String(a.reason)}.`,
  'plan-missing': () => 'There is no such file. Make a plan with `fleet plan -o FILE`.',
  'plan-unreadable': a => `This is not a plan that \`fleet plan -o\` has saved: ${String(a.reason)}.`,
  'rollout-unknown-group': a =>
    `${String(a.of)} speaks of ${String(a.name)}, which is no group of the inventory and no role${a.isFlag === true ? '' : ', so that has no effect'}.${a.nearest === null ? '' : ` Did you mean ${String(a.nearest)}?`}`,
  'rollout-unknown-variable': a =>
    `${String(a.of)} speaks of a variable ${String(a.name)}, which no host of the inventory has, so that has no effect.${a.nearest === null ? '' : ` Did you mean ${String(a.nearest)}?`}`,
  'rollout-manual-alone': () =>
    'manual waits before each stage but the first, and there is only one: all hosts go at once. Say stages, such as 1,100%.',
  'rollout-skips-nobody': a =>
    `${String(a.of)} has no effect: a host that can't be reached counts as a failure. To pass such hosts over say unreachable: skip in fleet.yml, or --unreachable skip.`,
  'remove-is-final': a =>
    `--on-failure ${String(a.onFailure)}: a host that fleet was removed from has no generation left to go back to. Say stop or pause; \`fleet apply\` brings fleet back.`,
  'gate-unfillable': a =>
    `The gate ${String(a.text)} can't be filled in: ${a.name ? `there is no ${String(a.name)}.${a.nearest ? ` Did you mean ${String(a.nearest)}?` : ''}` : `${String(a.reason)}.`} A gate may say {{host.name}} and {{host.address}}.`,
  'rollout-changed': a =>
    `In fleet.yml ${list(a.names)} ${Array.isArray(a.names) && a.names.length > 1 ? 'say' : 'says'} something else by now: run ${String(a.run)} goes on as it began. To go by fleet.yml as it stands, stop it with Ctrl-C and say \`fleet resume ${String(a.run)}\`.`,
  'gate-gone': a =>
    `The run asked the gate ${String(a.gate)} before its changes, and fleet.yml doesn't have it any more: nothing is held against it.`,
  'gate-bad-url': a =>
    `The gate http ${String(a.url)} can't be asked: expected an address such as https://{{host.address}}/health.${a.nearest === null ? '' : ` Did you mean ${String(a.nearest)}://?`}`,
  'gate-unknown-host': a =>
    `A gate is to be asked from ${String(a.host)}, which is no host of the inventory.${a.nearest ? ` Did you mean ${String(a.nearest)}?` : ''}`,
  'rollback-both': a =>
    `Say either a run (${String(a.run)}) or a generation (--to ${String(a.to)}): what a run changed goes back to what each host had before it.`,
  'rollback-nothing': () =>
    'Say what is to be taken back: a run, as `fleet rollback RUN`; or hosts, as `fleet rollback -l web1,web2`, which go to the generation before; or a generation with --to.',
  'rollback-stays': a => {
    const names = Array.isArray(a.hosts) ? a.hosts : []
    const where = names.length === 0 ? 'any host that is meant' : counted(names)
    return `Run ${String(a.run)} has left nothing of its own on ${where}: nothing goes back there.`
  },
  'needs-extra-vars': a =>
    `Run ${String(a.run)} was given variables with -e, which its journal doesn't keep. Say them again: \`fleet resume ${a.named === null ? '' : `${String(a.named)} `}-e ...\`. Nobody was contacted, and what the run owes is still owed.`,
  'run-other-inventory': a =>
    `Run ${String(a.run)} went over ${list(a.was)}, and the inventory here is ${list(a.is)}: a host of the same name may be another one there. Go to where that run was begun, or name its inventory with -i.`,
  'run-inventory-gone': a =>
    `Run ${String(a.run)} went over ${list(a.was)}, which isn't there any more. Its hosts are reached as ${list(a.is)} says.`,
  'textfile-unwritable': a =>
    `The metrics can't be written there (${String(a.reason)}). --textfile wants a file in a folder that is there and can be written, such as /var/lib/prometheus/node-exporter/fleet.prom.`,
  'plan-host-gone': a =>
    `The plan has ${list(a.hosts)}, and the inventory hasn't (any more). Nobody was contacted. Make a new plan with \`fleet plan -o\`.`,
  'report-unwritable': a =>
    `The page about the run can't be written (${String(a.reason)}). Name a file in a folder that is there: --report FILE.html`,
  'report-unmade': a => `The page about the run wasn't written: ${String(a.reason)}.`,
  'no-inventory': () =>
    'There is no inventory: none was named, fleet.yml names none, and neither inventory.ini nor inventory/ is here. Name one with -i FILE, or make one with `fleet init`.',
  'templates-missing': a =>
    `${String(a.of)} names ${String(a.folder)}, and there is no such folder: roles that stand there would go from every host.`,
  'no-hosts': a =>
    `There is no host in ${list(a.sources)}: name one, for example web1 ansible_host=192.0.2.11`,
  'inventory-is-pattern': a =>
    `There is no inventory file called ${String(a.word)}, but the inventory here has a group or host of that name. Did you mean -l ${String(a.word)}?`,
  'not-answered': () => 'The question was not answered, and nobody was contacted.',
  'unknown-risk-host': a =>
    `--accept-lockout-risk names ${String(a.name)}, which is none of the hosts that are meant.${a.nearest === null ? '' : ` Did you mean ${String(a.nearest)}?`}`,
  'roles-unknown-group': a =>
    `roles: in fleet.yml speaks of a group ${String(a.group)}, and the inventory has none of that name.${a.nearest === null ? '' : ` Did you mean ${String(a.nearest)}?`}`,
  'init-not-empty': a =>
    `${String(a.folder)} isn't empty (it has ${String(a.first)}), and \`fleet init\` writes over nothing. Name an empty or a new folder: fleet init FOLDER`,
  'init-unwritable': a =>
    `The folder can't be made (${String(a.reason)}). Name another one: fleet init FOLDER`,
  'confirm-timeout-range': a =>
    `--confirm-timeout ${String(a.seconds)} is out of range: expected 4 to 1800 seconds.`,
  'host-not-in-inventory': () =>
    "The inventory doesn't have this host any more, so fleet doesn't know how to reach it. Name the inventory of that run with -i.",
  'lab-unknown-action': a =>
    `\`fleet lab\` doesn't know "${String(a.action)}". Expected one of: ${list(a.actions)}.`,
  'lab-no-command': () =>
    'There is no command to run in the lab. Write it after --: fleet lab run -- fleet apply',
} satisfies Sentences
