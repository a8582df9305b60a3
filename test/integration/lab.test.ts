import { execFile, spawn } from 'node:child_process'
import { once } from 'node:events'
import { existsSync } from 'node:fs'
import { readdir, readFile } from 'node:fs/promises'
import { promisify } from 'node:util'
import { afterAll, describe, expect, it } from 'vitest'
import { openLab, startLab, stopLab } from '../../src/lab/lab.ts'
import { processesIn } from '../../src/lab/processes.ts'
import { KEEPER_PASSWORD } from '../../src/lab/users.ts'
import { FleetError } from '../../src/model/error.ts'
import { acceptedConnections, hostRules } from './hosts/rules.ts'
import { useTestLab } from './hosts/test-lab.ts'

const INSTALL = 'DEBIAN_FRONTEND=noninteractive apt-get -y -qq install iptables-persistent'
const run = promisify(execFile)

/** What of a lab this machine still has. */
async function traces(name: string): Promise<readonly string[]> {
  const [namespaces, mounts, { stdout }] = await Promise.all([
    readdir('/run/netns').catch(() => []),
    readFile('/proc/mounts', 'utf8'),
    run('find', ['/sys/fs/cgroup', '-maxdepth', '2', '-name', `lab-${name}*`]),
  ])
  return [
    ...namespaces.filter(namespace => namespace.replace(/@.*/, '') === `lab-${name}`),
    ...mounts.split('\n').filter(mount => mount.includes(`/fleet-lab/${name}/`)),
    ...stdout.split('\n').filter(path => path !== ''),
    ...(existsSync(`/run/fleet-lab/${name}`) ? [`/run/fleet-lab/${name}`] : []),
  ]
}

describe('hosts of a lab', () => {
  const hosts = [
    'web1',
    { name: 'web2', address: 'web2.example.com' },
    { name: 'db1', port: 2222, address: '192.0.2.9' },
    { name: 'sys1', systemd: true },
  ]
  const lab = useTestLab('lab', hosts, { packages: true })
  const ssh = (host: string, user: string, ...command: string[]) =>
    lab().run(['ssh', ...lab().sshArguments(host, user), ...command])

  it.each(['root', 'operator', 'keeper', 'nosudo'])('let %s in, light and systemd alike', async user => {
    for (const host of ['web2', 'sys1']) {
      const { code, stdout } = await ssh(host, user, 'id -un; hostname')
      expect({ code, stdout }).toEqual({ code: 0, stdout: `${user}\n${host}\n` })
    }
  })

  it('give sudo to who has it, by a password where it needs one', async () => {
    const sudo = async (user: string) => (await ssh('web1', user, 'sudo -n id -u')).stdout
    expect([await sudo('operator'), await sudo('keeper'), await sudo('nosudo')]).toEqual(['0\n', '', ''])
    const argv = ['ssh', ...lab().sshArguments('web1', 'keeper'), 'sudo -S -p "" id -u']
    expect((await lab().run(argv, { stdin: `${KEEPER_PASSWORD}\n` })).stdout).toBe('0\n')
  })

  it('are reached by the facts of the inventory that is written for them', async () => {
    const { code, stdout } = await lab().run([
      'ansible',
      '-i',
      lab().inventoryFile,
      'all',
      '-m',
      'raw',
      '-a',
      'hostname',
    ])
    expect(code).toBe(0)
    expect(
      stdout
        .match(/^(web1|web2|db1|sys1)\r?$/gm)
        ?.map(line => line.trim())
        .sort(),
    ).toEqual(['db1', 'sys1', 'web1', 'web2'])
  })

  it('are reached by IPv6, by another address, name and port', async () => {
    const { address6 } = lab().host('db1')
    for (const target of [address6, '192.0.2.9']) {
      expect((await ssh(target, 'root', '-p', '2222', 'hostname')).stdout).toBe('db1\n')
    }
    expect((await ssh('web2.example.com', 'root', 'hostname')).stdout).toBe('web2\n')
  })

  it('have host keys and boot ids of their own, and no way out', async () => {
    const of = async (command: string) =>
      await Promise.all(lab().hosts.map(async h => (await h.exec(command)).stdout))
    for (const command of ['cat /etc/ssh/ssh_host_ed25519_key.pub', 'cat /proc/sys/kernel/random/boot_id']) {
      expect(new Set(await of(command)).size).toBe(4)
    }
    const links = await lab().run(['ip', '-o', '-4', 'route'])
    expect(links.stdout.split('\n').filter(line => line.includes('default'))).toEqual([])
  })

  it('keep their rules to themselves', async () => {
    await lab().host('web1').exec('iptables -A INPUT -s 192.0.2.1 -j DROP')
    expect(await hostRules(lab().host('web1'))).toContain('-A INPUT -s 192.0.2.1/32 -j DROP')
    for (const host of ['web2', 'db1', 'sys1'])
      expect(await hostRules(lab().host(host))).not.toContain('192.0.2.1')
  })

  it('count the connections that came in', async () => {
    for (const host of ['web2', 'sys1']) {
      const before = await acceptedConnections(lab().host(host))
      await ssh(host, 'root', 'true')
      expect(await acceptedConnections(lab().host(host))).toBe(before + 1)
    }
  })

  it('can be cut off and come back', async () => {
    const reach = async () =>
      (await lab().run(['ssh', '-o', 'ConnectTimeout=1', ...lab().sshArguments('web2'), 'true'])).code
    await lab().host('web2').cut()
    expect(await reach()).toBe(255)
    await lab().host('web2').mend()
    expect(await reach()).toBe(0)
  })

  it('can be put at a distance, as far as this kernel knows how', async context => {
    const shaped = await lab()
      .host('web1')
      .shape('netem delay 100ms')
      .catch((error: unknown) => error)
    if (shaped instanceof FleetError) context.skip(`no netem in this kernel: ${String(shaped.args.said)}`)
    const shape = async () => (await lab().host('web1').exec('tc qdisc show dev eth0')).stdout
    expect(await shape()).toContain('delay 100ms')
    await lab().host('web1').shape(null)
    expect(await shape()).not.toContain('delay')
  })

  it('can be given a thin line', async () => {
    const host = lab().host('web1')
    await host.shape('tbf rate 512kbit burst 4kb latency 400ms')
    expect((await host.exec('tc qdisc show dev eth0')).stdout).toContain('tbf')
    expect((await lab().run(['tc', 'qdisc', 'show'])).stdout).toContain('tbf')
    await host.shape(null)
    expect((await host.exec('tc qdisc show dev eth0')).stdout).not.toContain('tbf')
    await expect(host.shape('nonsense')).rejects.toMatchObject({ code: 'lab-shape-refused' })
  })

  it.each(['db1', 'sys1'])('%s installs iptables-persistent and loads its rules at boot', async name => {
    const host = lab().host(name)
    expect((await host.exec(INSTALL)).code).not.toBe(0)
    const { code, stderr } = await host.exec(`apt-get -qq update && ${INSTALL}`)
    expect({ code, stderr: code === 0 ? '' : stderr }).toEqual({ code: 0, stderr: '' })
    await host.exec('iptables -A INPUT -s 192.0.2.7 -j DROP; iptables-save >/etc/iptables/rules.v4')
    await host.exec('iptables -A INPUT -s 192.0.2.8 -j DROP')
    await host.unplug()
    await host.boot()
    const rules = await hostRules(host)
    expect([rules.includes('192.0.2.7'), rules.includes('192.0.2.8')]).toEqual([true, false])
  })

  it.each(['web2', 'sys1'])(
    '%s keeps its files and loses what the kernel kept when the power goes',
    async name => {
      const host = lab().host(name)
      const readBoot = async () => (await host.exec('cat /proc/sys/kernel/random/boot_id')).stdout
      const before = await readBoot()
      await host.exec(
        'iptables -P FORWARD DROP; ipset create old hash:net; echo kept >/root/file; echo x >/run/gone',
      )
      await host.unplug()
      expect(host.pid).toBe(0)
      await expect(host.exec('true')).rejects.toMatchObject({ code: 'lab-host-off' })
      await host.boot()
      expect((await host.exec('ipset list -n; cat /root/file; cat /run/gone')).stdout).toBe('kept\n')
      expect(await hostRules(host)).not.toContain('FORWARD DROP')
      expect(await readBoot()).not.toBe(before)
      expect((await ssh(name, 'root', 'hostname')).stdout).toBe(`${name}\n`)
    },
  )

  it('boot systemd without a failed unit', async () => {
    expect((await lab().host('sys1').exec('systemctl is-system-running')).stdout).toBe('running\n')
  })

  it('gather what their sessions left behind, without an sshd as the parent', async () => {
    const host = lab().host('web1')
    await ssh('web1', 'root', 'setsid sleep 1000 >/dev/null 2>&1 </dev/null & echo $! >/run/orphan')
    const parent = async () => (await host.exec('ps -o comm= -p $(ps -o ppid= -p $(pgrep -x sleep))')).stdout
    await expect.poll(parent).toBe('sh\n')
    await host.exec('pkill -x sleep')
    await expect.poll(async () => (await host.exec('pgrep -x sleep')).stdout).toBe('')
  })
})

describe('a lab', () => {
  const name = 'test-lab-life'
  afterAll(async () => {
    await stopLab(name)
  })

  it('runs commands that are the process itself, so that a kill reaches them', async () => {
    const lab = await startLab({ name, hosts: [{ name: 'web1' }] })
    const child = lab.spawn(['sleep', '1000'])
    await expect.poll(async () => await processesIn([lab.controller])).toContain(child.pid)
    child.kill('SIGKILL')
    await once(child, 'exit')
    expect(child.signalCode).toBe('SIGKILL')
    expect((await lab.run(['sh', '-c', 'exit 7'])).code).toBe(7)
  })

  it('is opened, and started again over what is left, by another process', async () => {
    const before = (await openLab(name)).host('web1').pid
    expect(before).toBeGreaterThan(0)
    const lab = await startLab({ name, hosts: [{ name: 'web1' }, { name: 'sys_1', systemd: true }] })
    expect((await lab.run(['ssh', ...lab.sshArguments('sys_1'), 'hostname'])).stdout).toBe('sys-1\n')
    expect(existsSync(`/proc/${before}/exe`)).toBe(false)
  })

  it('leaves nothing behind when it stops, not even what was started in it', async () => {
    const lab = await openLab(name)
    const stray = spawn('nsenter', [`--net=/run/netns/${lab.controller}`, 'sleep', '1000'])
    await expect.poll(async () => await processesIn([lab.controller])).toContain(stray.pid)
    const pids = lab.hosts.map(host => host.pid)
    expect(await stopLab(name)).toBe(true)
    expect(await traces(name)).toEqual([])
    expect([...pids, stray.pid].filter(pid => existsSync(`/proc/${pid}/exe`))).toEqual([])
    expect(await stopLab(name)).toBe(false)
    await expect(openLab(name)).rejects.toMatchObject({ code: 'lab-not-running' })
  })

  it('takes itself away when a host does not start', async () => {
    const start = startLab({ name, hosts: [{ name: 'web1', root: '/nowhere' }] })
    await expect(start).rejects.toThrow(/nowhere/)
    expect(await traces(name)).toEqual([])
  })
})
