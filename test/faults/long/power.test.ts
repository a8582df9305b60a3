import { describe, expect, it } from 'vitest'
import type { LabHost } from '../../../src/lab/host.ts'
import { settledAs } from '../../integration/hosts/site.ts'
import { until } from '../../integration/hosts/wait.ts'
import { useTrial } from '../trial.ts'

/* The power goes for real, before each call by which a confirmed change gets to the disk. */

const trial = useTrial('power-long', ['light', { name: 'sys', systemd: true }])
const TOOLS = ['mv', 'rm', 'sync']

/** What confirms and persists stands still for good before its Nth call. */
async function standAt(host: LabHost, call: number): Promise<void> {
  const wrapper = `#!/bin/dash
case $(tr '\\0' ' ' </proc/$PPID/cmdline) in
  *' confirm '*)
    read -r left </left
    echo $((left - 1)) >/left
    while [ "$left" -eq 1 ]; do : >/stands; sleep 0.05; done
    ;;
esac
exec /usr/bin/\${0##*/} "$@"
`
  const place = TOOLS.map(tool => `/usr/bin/install -m 755 /tool /usr/local/sbin/${tool}`).join('; ')
  const { code, stderr } = await host.exec(`echo ${call} >/left; cat >/tool; ${place}`, wrapper)
  if (code !== 0) throw new Error(`${host.name}: ${stderr}`)
}

const goOn = (host: LabHost) => host.exec(`cd /usr/local/sbin && /usr/bin/rm -f ${TOOLS.join(' ')} /stands`)

/** Whether the power went before this call: a run has only so many. */
async function goesDark(name: string, call: number): Promise<string> {
  const host = trial.host(name)
  await standAt(host, call)
  const attempt = await trial.begin([name], '--confirm-timeout', '30', '--connect-timeout', '10')
  const { running } = attempt
  const stands = await until(
    async () => (await host.exec('test -e /stands')).code === 0 || running.events.some(settledAs(name)),
    Boolean,
  )
  expect(stands).toBe(true)
  const isOver = running.events.some(settledAs(name))
  if (!isOver) {
    await host.unplug()
    await host.boot()
  }
  await goOn(host)
  const { code, hosts } = await running.verdict()
  await trial.ends(attempt, code, hosts)
  return isOver ? `over, ${hosts[name]}` : String(hosts[name])
}

describe.concurrent('the power goes before every call of a persist', () => {
  it.each(['light', 'sys'])('and the host boots the one or the other, as fleet says (%s)', async name => {
    const said: string[] = []
    for (let call = 1; !said.at(-1)?.startsWith('over'); call += 1) {
      said.push(await goesDark(name, call))
      if (said.at(-1) === 'persisted') await trial.settle(name)
    }
    // Once a call is after the one that counts, so are all that follow.
    const words = said.join(' ').replaceAll('reverted: rolled-back', 'OLD').replaceAll('persisted', 'NEW')
    expect(words).toMatch(/^(OLD ){3,}(NEW ){2,}over, NEW$/)
  })
})
