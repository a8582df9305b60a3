import { describe, expect, it } from 'vitest'
import { hostRules } from './hosts/rules.ts'
import { useTestLab } from './hosts/test-lab.ts'

describe('light hosts', () => {
  const lab = useTestLab('lab', ['web1', 'web2', 'db1'])

  it.each(['root', 'operator', 'keeper', 'nosudo'])('lets %s in from the controller', async user => {
    const { code, stdout } = await lab().run(['ssh', ...lab().sshArguments('web2', user), 'id -un; hostname'])
    expect({ code, stdout }).toEqual({ code: 0, stdout: `${user}\nweb2\n` })
  })

  it('keeps the rules of each host to itself', async () => {
    await lab().host('web1').exec('iptables -A INPUT -s 192.0.2.1 -j DROP')
    expect(await hostRules(lab().host('web1'))).toContain('-A INPUT -s 192.0.2.1/32 -j DROP')
    expect(await hostRules(lab().host('web2'))).not.toContain('192.0.2.1')
  })

  it('forgets what the kernel kept and keeps the files when the power goes', async () => {
    const host = lab().host('db1')
    const readBoot = async () => (await host.exec('cat /proc/sys/kernel/random/boot_id')).stdout
    const before = await readBoot()
    await host.exec(
      'iptables -P INPUT DROP; ipset create old hash:net; echo kept >/root/file; echo x >/run/gone',
    )
    await host.unplug()
    await host.boot()
    expect((await host.exec('ipset list -n; cat /root/file; ls /run/gone 2>&1')).stdout).toBe(
      "kept\nls: cannot access '/run/gone': No such file or directory\n",
    )
    expect(await hostRules(host)).not.toContain('INPUT DROP')
    expect(await readBoot()).not.toBe(before)
  })
})
