import { existsSync } from 'node:fs'
import { copyFile, readdir, writeFile } from 'node:fs/promises'
import { join } from 'node:path'
import type { LabHost } from '../../src/lab/host.ts'
import { PROGRAM } from '../integration/hosts/program.ts'
import { Running } from '../integration/hosts/site.ts'
import type { Attempt, Trial } from './trial.ts'

/*
 * A wall clock that jumps, for some processes and nobody else: this machine's own clock stays. Monotonic clocks and
 * /proc/uptime tell the truth, as they do where somebody sets a clock.
 */

/** Debian's libfaketime, whichever this machine's architecture is. */
async function library(): Promise<string> {
  const folders = (await readdir('/usr/lib')).filter(name => name.endsWith('-linux-gnu'))
  const paths = folders.map(name => join('/usr/lib', name, 'faketime/libfaketime.so.1'))
  const found = paths.find(path => existsSync(path))
  if (found === undefined) throw new Error('libfaketime is missing: apt-get install libfaketime')
  return found
}

const variables = (library: string, file: string) => [
  `LD_PRELOAD=${library}`,
  `FAKETIME_TIMESTAMP_FILE=${file}`,
  'FAKETIME_NO_CACHE=1',
  'DONT_FAKE_MONOTONIC=1',
]

export type Jump = '+1d' | '-1d'

/** A change whose controller has such a clock. */
export async function beginWithClock(trial: Trial, name: string, ...args: readonly string[]) {
  const site = await trial.newSite([name])
  const file = join(site.folder, 'clock')
  await writeFile(file, '+0d\n')
  const fleet = [
    process.execPath,
    PROGRAM,
    'apply',
    'inventory.ini',
    '--json',
    '--connect-timeout',
    '3',
    ...args,
  ]
  const child = trial.lab.spawn(['env', ...variables(await library(), file), ...fleet], {
    cwd: site.folder,
    env: { ...process.env, HOME: site.folder, SSH_AUTH_SOCK: '', XDG_STATE_HOME: '', NO_COLOR: '1' },
    stdio: ['ignore', 'pipe', 'pipe'],
  })
  const attempt: Attempt = { site, running: new Running(child) }
  return { attempt, jump: async (by: Jump) => await writeFile(file, `${by}\n`) }
}

/** From its next login on, whatever fleet runs on a host has such a clock, and so has its guard. */
export async function giveClock(host: LabHost): Promise<(by: Jump) => Promise<void>> {
  await copyFile(await library(), `/proc/${host.pid}/root/faketime.so`)
  const set = variables('/faketime.so', '/clock').map(one => `"${one}"`)
  const { code, stderr } = await host.exec(
    `echo +0d >/clock; echo 'SetEnv ${set.join(' ')}' >>/etc/ssh/sshd_config.d/lab.conf; kill -HUP $(cat /run/sshd.pid)`,
  )
  if (code !== 0) throw new Error(`${host.name}: ${stderr}`)
  return async by => {
    await host.exec(`echo ${by} >/clock`)
  }
}
