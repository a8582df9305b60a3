import { spawnSync } from 'node:child_process'
import { readFileSync } from 'node:fs'
import { processesIn } from '../src/lab/processes.ts'
import type { Contestant } from './contestants.ts'
import { bareHosts, type Ground } from './ground.ts'

/*
 * Ansible as those run it who care for its speed: 50 forks, pipelining, no facts, the connections shared. The rules
 * are those that fleet has made, through a template.
 */

const CONFIG = `[defaults]
forks = 50
gathering = explicit
host_key_checking = True
timeout = 60
interpreter_python = /usr/bin/python3
retry_files_enabled = False
[ssh_connection]
pipelining = True
control_path_dir = %(directory)s/control
`

/** Ansible over the hosts of the ground, as a configuration has it run. */
export function callAnsible(
  ground: Ground,
  config: { readonly file: string; readonly text: string },
  [program = '', ...words]: readonly string[],
): readonly string[] {
  const file = ground.write(config.file, config.text)
  ground.write('ansible.ini', readFileSync(`${ground.folder}/inventory.ini`, 'utf8'))
  return ['env', `ANSIBLE_CONFIG=${file}`, program, '-i', 'ansible.ini', ...words]
}

/** A playbook, by Ansible as it is tuned. */
export const callPlaybook = (ground: Ground, playbook: string): readonly string[] => {
  const text = CONFIG.replace('%(directory)s', ground.folder)
  return callAnsible(ground, { file: 'ansible.cfg', text }, ['ansible-playbook', playbook])
}

const TEMPLATES = `
    - ansible.builtin.template: {src: rules.v4.j2, dest: /root/rules.v4, mode: "0600"}
    - ansible.builtin.template: {src: rules.v6.j2, dest: /root/rules.v6, mode: "0600"}
`

const QUICK = `- hosts: web
  gather_facts: false
  tasks:${TEMPLATES}
    - ansible.builtin.shell: iptables-restore </root/rules.v4 && ip6tables-restore </root/rules.v6
`

const restored = (version: number) => `
    - community.general.iptables_state: {state: restored, ip_version: ipv${version}, path: /root/rules.v${version}}
      async: "{{ ansible_timeout }}"
      poll: 0
`

/** The rollback needs `async` and \`poll: 0\`: https://docs.ansible.com/ansible/latest/collections/community/general/iptables_state_module.html */
const SAFE = `- hosts: web
  gather_facts: false
  tasks:${TEMPLATES}${restored(4)}${restored(6)}`

const playbook = (name: string, file: string, text: string): Contestant => ({
  name,
  command: (ground, round) => {
    writeRules(ground, round)
    return callPlaybook(ground, ground.write(file, text))
  },
  clean: endControlMasters,
  disturbs: true,
})

const quick = playbook('ansible, quick, no rollback', 'quick.yml', QUICK)
const safe = playbook('ansible, iptables_state with rollback', 'safe.yml', SAFE)

export interface Ansible {
  readonly quick?: Contestant
  readonly safe?: Contestant
  /** Why one of them isn't there. */
  readonly missing: readonly string[]
}

/** What this machine's Ansible can take part with. */
export function findAnsible(): Ansible {
  if (spawnSync('ansible-playbook', ['--version']).status !== 0)
    return { missing: ['ansible-playbook is not installed (Debian package ansible-core)'] }
  const found = spawnSync('ansible-doc', ['--type', 'module', '--json', 'community.general.iptables_state'])
  if (found.status !== 0 || !found.stdout.includes('"iptables_state"'))
    return { quick, missing: ['community.general is not installed (Debian package ansible)'] }
  return { quick, safe, missing: [] }
}

/** With a rule that is another one in each round and for each contestant, so that nothing is "ok" already. */
function writeRules(ground: Ground, round: number): void {
  const [host] = bareHosts(ground)
  for (const [family, text] of [
    ['v4', host?.rules4 ?? ''],
    ['v6', host?.rules6 ?? ''],
  ] as const) {
    const marked = text.replace(
      /(?=^COMMIT$)/m,
      `-A FORWARD -m comment --comment "{{ inventory_hostname }} round ${round} ${process.hrtime.bigint()}" -j DROP\n`,
    )
    ground.write(`rules.${family}.j2`, marked)
  }
}

/** ssh's shared connections stay for a minute: the next contestant must not find them there. */
export async function endControlMasters({ lab }: Ground): Promise<void> {
  for (const pid of await processesIn([lab.controller])) {
    if (readFileSync(`/proc/${pid}/cmdline`, 'utf8').startsWith('ssh: ')) process.kill(pid)
  }
}
