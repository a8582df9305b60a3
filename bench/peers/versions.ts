import { readFileSync } from 'node:fs'
import { availableParallelism, loadavg, release } from 'node:os'
import type { Lab } from '../../src/lab/lab.ts'
import { collectionVersion } from './collection.ts'

const ON_HOST = `
. /etc/os-release
echo "hosts: $PRETTY_NAME"
iptables -V
iptables-apply -V 2>&1 | head -n 1
ssh -V 2>&1
python3 -V
echo "iptables-persistent $(dpkg-query -W -f '\${Version}' iptables-persistent)"
`

/** What took part. */
export async function versions(lab: Lab, collections: string): Promise<string> {
  const host = (await lab.hosts[0]?.exec(ON_HOST))?.stdout.trim().split('\n') ?? []
  const ansible = (await lab.run(['ansible', '--version'])).stdout.split('\n')[0] ?? ''
  const fleet = JSON.parse(readFileSync('package.json', 'utf8')).version
  const own = [
    ansible,
    `community.general ${collectionVersion(collections)}`,
    `fleet ${fleet}`,
    `kernel ${release()}`,
  ]
  const load = `${availableParallelism()} cores, load average ${loadavg()[2]?.toFixed(1)}`
  return `\n${[...host, ...own, load].join('; ')}\n`
}
