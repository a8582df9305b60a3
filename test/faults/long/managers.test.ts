import { describe, expect, it } from 'vitest'
import { useTrial } from '../trial.ts'

/*
 * What else keeps a firewall, really installed from Debian's packages and switched on: fleet refuses the host and
 * changes nothing, and the way out that it names is one.
 */

interface Manager {
  /** Switches it on as its manual says. */
  readonly on: string
  /** Says that it is at work. */
  readonly works: string
  /** What fleet's refusal offers. */
  readonly wayOut: string
  /** What it leaves in the tables when it is off. */
  readonly leaves?: string
}

const MANAGERS: Readonly<Record<string, Manager>> = {
  ufw: {
    on: 'ufw allow 22/tcp; ufw --force enable',
    works: 'iptables -S ufw-user-input',
    wayOut: 'ufw disable; apt-get -y remove ufw',
    leaves: 'ufw*',
  },
  ferm: {
    on: 'systemctl enable ferm; systemctl restart ferm',
    works: 'systemctl is-active ferm',
    wayOut: 'systemctl disable --now ferm',
  },
  nftables: {
    on: 'systemctl enable nftables; systemctl restart nftables',
    works: 'nft list table inet filter',
    wayOut: 'systemctl disable --now nftables',
  },
  firewalld: {
    on: 'systemctl enable firewalld; systemctl restart firewalld; firewall-cmd --add-service=ssh',
    works: 'firewall-cmd --state; nft list table inet firewalld',
    wayOut: 'systemctl disable --now firewalld',
  },
}

const names = Object.keys(MANAGERS)
const trial = useTrial(
  'managers',
  names.map(name => ({ name, systemd: true })),
  { packages: [...names, 'fail2ban'], aptLists: true, untouched: ['ufw', 'firewalld'] },
)

const all = async (name: string) => {
  const text = await trial.must(
    name,
    'nft -s list ruleset; iptables-legacy-save; ip6tables-legacy-save; cd /etc/iptables 2>/dev/null || exit 0;' +
      'find . -type l -exec readlink {} +; find . -type f | sort | xargs sha256sum',
  )
  return text.replaceAll(/^#.*\n/gm, '').replaceAll(/\[\d+:\d+\]/g, '')
}

describe.each(Object.entries(MANAGERS))('%s', (name, { on, works, wayOut, leaves }) => {
  it('keeps its host as it is, until it is switched off', async () => {
    await trial.must(
      name,
      `DEBIAN_FRONTEND=noninteractive apt-get -qq -y install ${name} </dev/null >/dev/null 2>&1`,
    )
    await trial.must(name, `set -e\n${on}\n${works}`)
    const before = await all(name)
    const attempt = await trial.begin([name], '--connect-timeout', '20')
    await trial.says(attempt, 3, { [name]: 'refused: other-manager' })
    const said = await attempt.site.fleet('plan', 'inventory.ini')
    expect(said.stdout).toContain(`${name} manages or loads`)
    expect(said.stdout).toContain(wayOut)
    expect(await all(name)).toBe(before)

    await trial.must(name, wayOut)
    const replace = ['-e', JSON.stringify({ fleet_replace: leaves === undefined ? [] : [leaves] })]
    const after = await trial.begin([name], '--connect-timeout', '20', ...replace)
    await trial.says(after, 0, { [name]: 'persisted' })
    await trial.remember(name)
    await trial.host(name).unplug()
    await trial.host(name).boot()
    const again = await trial.begin([name], '--connect-timeout', '20')
    await trial.ends(again, 0, { [name]: 'unchanged' })
  })
})
