import { expect } from 'vitest'
import { CONTROLLER4 } from '../../src/lab/spec.ts'
import { until } from '../integration/hosts/wait.ts'
import { readGround } from './ground.ts'
import type { Attempt, Trial } from './trial.ts'

/** The port of a server that takes every connection and says nothing. */
export const SILENT = 8001
/** The lists that a host has read already. */
export const NO_LISTS = 'find /var/lib/apt/lists -type f -exec rm {} +; '

/** A real apt-get, at work with the host's packages until /tmp/let-go is there. */
export const HOLD = `
cat >/tmp/hold <<'END'
touch /tmp/holding; until [ -e /tmp/let-go ]; do sleep 0.1; done
END
setsid apt-get -y -o 'DPkg::Pre-Invoke::=sh /tmp/hold' --reinstall install ipset >/tmp/other 2>&1 </dev/null &
until [ -e /tmp/holding ]; do sleep 0.1; done
`

/** Makes /tmp/NAME.deb. */
export const DEB = (name: string, fields: string, script = '') => `
mkdir -p /tmp/${name}/DEBIAN && cd /tmp && cat >${name}/DEBIAN/control <<'END'
Package: ${name}
Architecture: all
Maintainer: x <x@example.org>
${fields}
Description: x
END
${script && `cat >${name}/DEBIAN/preinst <<'END'\n#!/bin/sh\n${script}\nEND\nchmod 755 ${name}/DEBIAN/preinst`}
dpkg-deb -b ${name} ${name}.deb >/dev/null
`
export const UFW = DEB('ufw', 'Version: 0.36.2-1\nBreaks: iptables-persistent, netfilter-persistent')

const LEFT =
  'pgrep -l "^(apt|dpkg|http)"; ls -d /run/fleet/packages.* /var/lib/fleet/masked* /etc/systemd/system/netfilter-persistent.service /run/systemd/system/netfilter-persistent.service'

/** Hosts that have no iptables-persistent yet, and one, `model`, that stands on what they are to come to. */
export class AptTrial {
  readonly #trial: Trial
  #silence: Promise<void> | undefined

  constructor(trial: Trial) {
    this.#trial = trial
  }

  /** `fleet apply`, whose package step may be kept waiting for so many seconds. */
  async begin(name: string, wait = 60): Promise<Attempt> {
    const slow = ['--confirm-timeout', '30', '--apt-timeout', String(wait)]
    return this.#trial.start(await this.#trial.oldSite([name]), ...slow)
  }

  /** The package step meets a lock of somebody else's. */
  async waits(name: string): Promise<void> {
    await until(
      () => this.#trial.host(name).exec('grep -s "Could not get lock" /run/fleet/packages.*'),
      ({ code }) => code === 0,
    )
  }

  /** Nothing of an installation is left running, waiting or masked. */
  async isAtRest(name: string): Promise<void> {
    await until(
      async () => (await this.#trial.host(name).exec(LEFT)).stdout,
      found => found === '',
      10_000,
    )
  }

  /** Nothing was changed, and nothing is left. Answers what was said. */
  async fails(name: string, attempt: Attempt, verdict = 'failed: packages-failed') {
    await this.#trial.ends(attempt, 3, { [name]: verdict })
    await this.isAtRest(name)
    return saidOf(attempt)
  }

  /** The host came to its rules as any other. */
  async succeeds(name: string, attempt: Attempt): Promise<void> {
    await this.#trial.says(attempt, 0, { [name]: 'persisted' })
    await this.isAtRest(name)
    expect(await readGround(this.#trial.host(name))).toEqual(this.#trial.ground('model', 'OLD'))
  }

  async isInstalled(name: string, what: string): Promise<void> {
    expect(await this.#trial.must(name, `dpkg-query -W -f '\${db:Status-Status}' ${what}`)).toBe('installed')
  }

  /** A server that takes every connection and says nothing. It goes with the lab. */
  silence(): Promise<void> {
    this.#silence ??= new Promise(resolve => {
      const script = `require('net').createServer().listen(${SILENT}, '${CONTROLLER4}', () => console.log('listening'))`
      this.#trial.lab
        .spawn([process.execPath, '-e', script], { stdio: ['ignore', 'pipe', 'ignore'] })
        .stdout?.once('data', () => resolve())
    })
    return this.#silence
  }
}

/** What was said of the host's packages. */
export const saidOf = ({ running }: Attempt) =>
  running.events.flatMap(event => (event.type === 'host-settled' ? [event.finding?.args] : []))[0]
