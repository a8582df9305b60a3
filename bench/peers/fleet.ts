import { mkdirSync, writeFileSync } from 'node:fs'
import { join, resolve } from 'node:path'
import type { Event } from '../../src/model/event.ts'
import { type Peer, WINDOW, type Word } from './peer.ts'
import { type Desk, Program } from './program.ts'
import type { Rules } from './rules.ts'

/*
 * `fleet apply` with the same rules as a role. It refuses rules that would lock it out; where it does, it is run
 * again with the flag that forces them, so that the host has to take them back.
 */

/** `FLEET_PROGRAM` names another build, as in the tests. */
const PROGRAM = resolve(process.env.FLEET_PROGRAM ?? 'dist/main.js')
const FORCE = ['--accept-lockout-risk', 'all']

export const fleet: Peer = {
  key: 'fleet',
  name: 'fleet apply',
  guard: '/var/lib/fleet/host-',
  work: async (place, rules) => {
    writeSite(place, [`${place.host.name} ansible_host=${place.address}`], rules)
    const plain = await apply(place, [])
    if (!plain.transcript.includes('lockout')) return plain
    const forced = await apply(place, FORCE)
    const said = `${plain.said}; forced: ${forced.said}`
    return { said, claims: forced.claims, transcript: plain.transcript + forced.transcript }
  },
}

/** Brings hosts under fleet, with these rules. */
export async function bringUnderFleet(desk: Desk, rows: readonly string[], rules: Rules): Promise<void> {
  writeSite(desk, rows, rules)
  const { claims, transcript } = await apply(desk, [])
  if (claims !== 'new') throw new Error(transcript)
}

function writeSite({ lab, folder }: Desk, rows: readonly string[], rules: Rules): void {
  mkdirSync(join(folder, 'templates'), { recursive: true })
  const family = (one: 4 | 6) => `{{#v${one}}}\n${rules[one]}{{/v${one}}}\n`
  const role = `---\nrole: The rules of the trial.\n---\n${family(4)}${family(6)}`
  writeFileSync(join(folder, 'templates/trial.hbs'), role)
  mkdirSync(join(folder, 'group_vars'), { recursive: true })
  writeFileSync(join(folder, 'group_vars/all.yml'), 'fleet_roles: [trial]\n')
  writeFileSync(join(folder, 'inventory.ini'), lab.inventory(rows))
}

async function apply(desk: Desk, args: readonly string[]): Promise<Word> {
  const own = ['apply', 'inventory.ini', '--json', '--confirm-timeout', String(WINDOW)]
  const program = new Program(desk, [process.execPath, PROGRAM, ...own, ...args])
  const code = await program.ended
  return hear(program.screen, code)
}

const CLAIMS: Readonly<Record<string, Word['claims']>> = {
  persisted: 'new',
  unchanged: 'new',
  unknown: 'nothing',
}

function hear(screen: string, code: number): Word {
  const events = screen
    .split('\n')
    .flatMap((line): Event[] => (line.startsWith('{') ? [JSON.parse(line)] : []))
  const settled = events.flatMap(event => (event.type === 'host-settled' ? [event] : []))
  const [first] = settled
  const why = first?.finding ? ` (${first.finding.code})` : ''
  const same = settled.every(({ state }) => state === first?.state)
  const claims = first && same ? (CLAIMS[first.state] ?? 'old') : 'nothing'
  const said = first ? `${first.state}${why}` : 'nothing of the host'
  return { said: `${said}, exit ${code}`, claims, transcript: screen }
}
