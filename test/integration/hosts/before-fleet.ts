import { expect } from 'vitest'
import type { LabHost } from '../../../src/lab/host.ts'
import { inForce } from './rules.ts'

/** Every file and link of a folder, with its mode and content. */
const files = async (host: LabHost, ...folders: readonly string[]): Promise<string> =>
  (
    await host.exec(
      `find ${folders.join(' ')} -mindepth 1 2>/dev/null | sort | while read -r path; do ` +
        'if [ -L "$path" ]; then echo "$path -> $(readlink "$path")"; elif [ -f "$path" ]; then stat -c "%n %a %U" "$path"; cat "$path"; else echo "$path/"; fi; done',
    )
  ).stdout

export const install = (host: LabHost) =>
  must(
    host,
    'apt-get -qq update && DEBIAN_FRONTEND=noninteractive apt-get -qq -y install iptables-persistent ipset >/dev/null 2>&1 </dev/null',
  )

export async function must(host: LabHost, command: string, stdin = ''): Promise<string> {
  const { code, stdout, stderr } = await host.exec(command, stdin)
  if (code !== 0) throw new Error(`${host.name}: ${command}: ${stderr}`)
  return stdout
}

/** What somebody wrote by hand before fleet came. */
export const RULES4 = `# by hand
*filter
:INPUT DROP [0:0]
:FORWARD ACCEPT [0:0]
:OUTPUT ACCEPT [0:0]
:ours - [0:0]
-A INPUT -i lo -j ACCEPT
-A INPUT -m conntrack --ctstate RELATED,ESTABLISHED -j ACCEPT
-A INPUT -p tcp --dport 22 -j ACCEPT
-A INPUT -j ours
-A ours -s 192.0.2.66 -j DROP
-A ours -p tcp -m multiport --dports 80,8080 -j ACCEPT
COMMIT
`

const GONE =
  'ls -d /etc/iptables/fleet /etc/iptables/.fleet-gone /var/lib/fleet /run/fleet /usr/share/netfilter-persistent/plugins.d/*-fleet'

export async function isWithoutFleet(host: LabHost): Promise<void> {
  expect((await host.exec(GONE)).stdout).toBe('')
  expect((await host.exec('ipset list -n')).stdout).toBe('')
}

/** What a removal has to bring back. */
export const state = async (host: LabHost) => ({
  live: await inForce(host),
  disk: await files(host, '/etc/iptables'),
})

/** A tool of the host that stops for good where it is called so. */
export async function hang(host: LabHost, tool: string, args: string): Promise<void> {
  const path = (await must(host, `command -v ${tool}`)).trim()
  const script = `#!/bin/dash\ncase "$*" in ${args}) : >/hanging; sleep 600 ;; esac\nexec ${path} "$@"\n`
  await must(host, `cat >/usr/local/sbin/${tool} && chmod 755 /usr/local/sbin/${tool}`, script)
}
