import { writeFileSync } from 'node:fs'
import { basename, join } from 'node:path'
import { FAMILIES } from '../../src/model/family.ts'
import { type Peer, type Place, WINDOW, type Word } from './peer.ts'
import { Program } from './program.ts'
import type { Rules } from './rules.ts'

/*
 * community.general.iptables_state as the example in its documentation has it ("with a rollback in case of access
 * loss"): `async: "{{ ansible_timeout }}"` and `poll: 0`, once for each family; then the state is saved where
 * iptables-persistent loads it.
 */

const CONFIG = `[defaults]
interpreter_python = /usr/bin/python3
retry_files_enabled = False
timeout = ${WINDOW}
[ssh_connection]
control_path_dir = %FOLDER%/cp
`

const copy = (version: number) => `
    - ansible.builtin.copy: {src: rules.v${version}, dest: %FILE%.v${version}, mode: "0600"}`
const restored = (version: number) => `
    - community.general.iptables_state:
        {state: restored, ip_version: ipv${version}, path: %FILE%.v${version}}
      async: "{{ ansible_timeout }}"
      poll: 0`
const saved = (version: number) => `
    - community.general.iptables_state:
        {state: saved, ip_version: ipv${version}, path: /etc/iptables/rules.v${version}}`

const PLAYBOOK = `- hosts: all
  gather_facts: false
  tasks:${[copy, restored, saved].flatMap(task => FAMILIES.map(task)).join('')}
`

export const iptablesState = (collections: string): Peer => ({
  key: 'state',
  name: 'community.general.iptables_state',
  guard: 'iptables_state',
  work: (place, rules) => work(place, rules, collections),
})

async function work(place: Place, rules: Rules, collections: string): Promise<Word> {
  const { folder, host, lab, address } = place
  const write = (name: string, text: string) => writeFileSync(join(folder, name), text)
  for (const family of FAMILIES) write(`rules.v${family}`, rules[family])
  write('playbook.yml', PLAYBOOK.replaceAll('%FILE%', `/root/${basename(folder)}`))
  write('ansible.cfg', CONFIG.replaceAll('%FOLDER%', folder))
  write('inventory.ini', lab.inventory([`${host.name} ansible_host=${address}`]))
  const env = { ANSIBLE_CONFIG: join(folder, 'ansible.cfg'), ANSIBLE_COLLECTIONS_PATH: collections }
  const program = new Program(place, ['ansible-playbook', '-i', 'inventory.ini', 'playbook.yml'], { env })
  const code = await program.ended
  return hear(program.screen, code)
}

const LONGEST = 90

function hear(screen: string, code: number): Word {
  const [, kind = '', json = ''] = /^fatal: \[.*?\]: (\w+)!.*?(\{.*)$/m.exec(screen) ?? []
  const message = /"msg": "((?:[^"\\]|\\.)*)"/.exec(json)?.[1] ?? ''
  const short = message.length > LONGEST ? `${message.slice(0, LONGEST)}...` : message
  if (code === 0) return { said: 'ok, exit 0', claims: 'new', transcript: screen }
  const claims = kind === 'FAILED' ? 'old' : 'nothing'
  return { said: `${kind} "${short}", exit ${code}`, claims, transcript: screen }
}
