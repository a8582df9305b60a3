import { fileURLToPath } from 'node:url'
import { callAnsible, callPlaybook, endControlMasters } from '../ansible.ts'
import type { BareJob } from '../bare.ts'
import type { Contestant } from '../contestants.ts'
import { bareHosts, FLEET } from '../ground.ts'

const BARE = fileURLToPath(new URL('../bare.js', import.meta.url))

/** An address that nobody has blocked before: one for each turn. */
export const fresh = (round: number) => `203.0.${113 + (round >> 8)}.${round & 255}`

export const fleetBlock = (what: string, inventory = 'inventory.ini'): readonly string[] => [
  process.execPath,
  FLEET,
  'block',
  what,
  '--for',
  '24h',
  '-i',
  inventory,
]

const bare: Contestant = {
  name: 'bare ssh2, one connection that runs `true`',
  command: ground => {
    const job: BareJob = { keyFile: ground.lab.keyFile, connections: [['true']], hosts: bareHosts(ground) }
    return [process.execPath, BARE, ground.write('bare-true.json', JSON.stringify(job))]
  },
}

const block: Contestant = {
  name: 'fleet block, a fresh address',
  command: (_, round) => fleetBlock(fresh(round)),
}

const SET = 'bench'
const PLAYBOOK = `- hosts: web
  gather_facts: false
  tasks:
    - ansible.builtin.shell: ipset create -exist ${SET} hash:net && ipset add -exist ${SET} @@ADDRESS
`

/** As it is installed: what a hand types that has never tuned it. */
const ansible: Contestant = {
  name: 'ansible -m shell, as installed',
  command: (ground, round) => {
    const config = { file: 'installed.cfg', text: '[defaults]\ntimeout = 60\n' }
    const add = `ipset create -exist ${SET} hash:net && ipset add -exist ${SET} ${fresh(round)}`
    return callAnsible(ground, config, ['ansible', 'web', '-m', 'shell', '-a', add])
  },
  clean: endControlMasters,
}

/** The set is all that it fills: that something drops by it, and that this is so after a boot, isn't its concern. */
const tuned: Contestant = {
  name: 'ansible, 50 forks, pipelining',
  command: (ground, round) =>
    callPlaybook(ground, ground.write('add.yml', PLAYBOOK.replace('@@ADDRESS', fresh(round)))),
  clean: endControlMasters,
}

export const BLOCKERS = { bare, block, ansible, tuned } satisfies Record<string, Contestant>
/** Once only: hosts are never untouched a second time. */
export const UNTOUCHED = 'fleet block, hosts never touched'
