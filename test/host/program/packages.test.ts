import { describe, expect, it } from 'vitest'
import { installPackages } from '../../../src/host/packages.ts'
import { look, wanted } from './change.ts'
import { type MiniHost, put, until } from './mini-host.ts'
import { aHost, over } from './steps.ts'

/*
 * The package step, and another one beside it or after it. What starts the unit is the moment at which dpkg sets the
 * package up: an apt that stands still right before and right after it unpacks says how the unit was then.
 */

const UNIT = '/etc/systemd/system/netfilter-persistent.service'
const TOOLS: Readonly<Record<string, string>> = {
  'apt-get': `case "$*" in
    *--simulate*) [ "$(cat /status)" = installed ] || echo 'Inst netfilter-persistent (1)' ;;
    *--download-only*) ;;
    *install*)
      if [ -e /interrupted ]; then echo 'E: dpkg was interrupted'; exit 100; fi
      exec 3>/apt.lock; flock -n 3 || { echo 'E: Could not get lock'; exit 100; }
      echo $$ >/apt.pid; while [ -e /hold ]; do sleep 0.02; done
      echo half-configured >/status; while [ -e /hold-unpacked ]; do sleep 0.02; done
      if [ -c ${UNIT} ]; then echo masked >/set-up; else echo started >/set-up; fi
      echo installed >/status; echo 'Setting up netfilter-persistent (1) ...' ;;
  esac`,
  'dpkg-query': 'cat /status',
  'debconf-set-selections': ':',
  'systemd-run': ':',
  systemctl: `case "$*" in
    *unmask*) rm -f ${UNIT} ;;
    *mask*) ln -sfn /dev/null ${UNIT} ;;
  esac`,
}

async function installable(): Promise<MiniHost> {
  const host = await aHost()
  await host.must('mkdir -p /run/systemd/system /etc/systemd/system; echo not-installed >/status')
  for (const [tool, script] of Object.entries(TOOLS))
    put(host, `usr/local/sbin/${tool}`, `#!/bin/dash\n${script}\n`)
  await host.must('cd /usr/local/sbin && chmod 755 *')
  return host
}

const install = (host: MiniHost, wait = 60_000) => over(host, session => installPackages(session, wait))
const isMasked = async (host: MiniHost) => (await host.exec(`test -c ${UNIT}`)).code === 0
const is = (host: MiniHost, status: string) =>
  until(async () => (await host.must('cat /status')) === `${status}\n`, status)

describe('two package steps at once', () => {
  it('the second one waits, and leaves the mask of the first alone', async () => {
    const host = await installable()
    await host.must(': >/hold')
    const first = install(host)
    await until(async () => (await host.exec('test -s /apt.pid')).code === 0, 'apt')
    await expect(install(host, 1000)).rejects.toMatchObject({
      code: 'packages-failed',
      args: { why: 'locked' },
    })
    expect(await isMasked(host)).toBe(true)
    const third = install(host)
    await host.must('rm /hold')
    expect(await first).toEqual(['netfilter-persistent'])
    expect(await third).toEqual([])
    expect(await host.must('cat /set-up')).toBe('masked\n')
    expect(await isMasked(host)).toBe(false)
  })
})

describe('a package that is unpacked and not set up', () => {
  it('stays masked, whoever comes by, until it is', async () => {
    const host = await installable()
    await host.must(': >/hold-unpacked')
    const killed = install(host).catch(error => error.code)
    await is(host, 'half-configured')
    await host.must(`kill -9 $(pgrep -f '[p]ackages 60$') $(cat /apt.pid) && : >/interrupted`)
    await killed
    await expect(install(host)).rejects.toMatchObject({ args: { why: 'not-installed' } })
    expect(await isMasked(host)).toBe(true)
    const seen = await over(host, session => look(session, wanted()))
    expect(seen.persistent, 'the package step has to come first').toBe(false)
    await host.must('rm /interrupted /hold-unpacked')
    expect(await install(host)).toEqual(['netfilter-persistent'])
    expect(await host.must('cat /set-up')).toBe('masked\n')
    expect(await isMasked(host)).toBe(false)
    expect((await over(host, session => look(session, wanted()))).persistent).toBe(true)
  })
})
