import { basename } from 'node:path'
import { FAMILIES, type Family } from '../../src/model/family.ts'
import { isReachable, type Peer, type Place, WINDOW, type Word } from './peer.ts'
import { Program } from './program.ts'

/*
 * iptables-apply as its manual page has it, for a host that is far away: in a terminal over ssh, IPv4 and then IPv6,
 * and to its question "Can you establish NEW connections to the machine?" the answer of somebody who tries just that.
 * `-w` writes what was confirmed to the file that iptables-persistent loads.
 */

const COMMAND = { 4: 'iptables-apply', 6: 'ip6tables-apply' } as const
const QUESTION = /Can you establish NEW connections to the machine\? \(y\/N\)/
const CLOSED = /Connection to \S+ closed.*/

export const iptablesApply: Peer = {
  key: 'apply',
  name: 'iptables-apply',
  guard: 'tables-apply',
  prepare: async (place, rules) => {
    for (const family of FAMILIES) await put(place, fileOf(place, family), rules[family])
  },
  work: async (place, rules) => {
    await iptablesApply.prepare?.(place, rules)
    return await work(place)
  },
}

const fileOf = ({ folder }: Place, family: Family) => `/root/${basename(folder)}.v${family}`

async function put({ host }: Place, file: string, text: string): Promise<void> {
  await host.exec(`test -e ${file} || cat >${file}`, text)
}

/** IPv6 only after IPv4: who could not confirm the one does not go on with the other. */
async function work(place: Place): Promise<Word> {
  const four = await applyFamily(place, 4)
  if (four.claims !== 'new') return four
  const six = await applyFamily(place, 6)
  const transcript = four.transcript + six.transcript
  if (six.claims === 'new') return { ...six, transcript }
  return { said: `IPv4: ${four.said}; IPv6: ${six.said}`, claims: 'nothing', transcript }
}

async function applyFamily(place: Place, family: Family): Promise<Word> {
  const options = `-t ${WINDOW} -w /etc/iptables/rules.v${family}`
  const ssh = ['ssh', '-tt', ...place.lab.sshArguments(place.address)]
  const program = new Program(place, [...ssh, `${COMMAND[family]} ${options} ${fileOf(place, family)}`])
  if (await program.shows(QUESTION)) program.type((await isReachable(place)) ? 'y' : 'n')
  const code = await program.ended
  return hear(program.screen, code)
}

function hear(screen: string, code: number): Word {
  const lines = screen.split(/[\r\n]+/).map(line => line.replace(QUESTION, '').replace(CLOSED, '').trim())
  const last = lines.filter(line => line.length > 1).at(-1)
  const words = last === undefined || last.startsWith('Applying') ? 'nothing after its question' : `"${last}"`
  return { said: `${words}, exit ${code}`, claims: claimOf(screen), transcript: screen }
}

function claimOf(screen: string): Word['claims'] {
  if (screen.includes('then my job is done')) return 'new'
  return /Reverting to old iptables rules\.\.\. done/.test(screen) ? 'old' : 'nothing'
}
