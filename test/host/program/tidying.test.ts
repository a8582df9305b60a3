import { join } from 'node:path'
import { describe, expect, it } from 'vitest'
import { hostProgram } from '../../../src/host/program.ts'
import { wanted, web } from './change.ts'
import { listed, type MiniHost, until } from './mini-host.ts'
import { aHost, persisted } from './steps.ts'

/* What the past has left on a host, and what of it somebody needs still. */

const VAR = 'var/lib/fleet'
const programs = (host: MiniHost) => listed(join(host.root, VAR)).filter(name => name.startsWith('host-'))

describe('programs of the past', () => {
  it('go by their number, but not one that runs, that the console would run, or that was just stored', async () => {
    const host = await aHost()
    await persisted(host, wanted())
    // A clock that was wrong, or is: what is needed looks the oldest.
    await host.must(
      `cd /${VAR} && for i in 1 2 3 4 5 6 7 8; do echo 'sleep 60; :' >host-000$i.sh; touch -d -1hour host-000$i.sh; done
      touch -d 1970-01-02 host-*1.sh host-*2.sh host-${hostProgram().hash}.sh; touch host-0008.sh
      sed 's/^program=.*/program=\\/var\\/lib\\/fleet\\/host-0001.sh/' rollback >named && chmod 700 named && mv named rollback
      setsid sh /${VAR}/host-0002.sh guard </dev/null >/dev/null 2>&1 &
      cd txn && for i in 0 1 2 3 4 5 6 7 8 9 10 11 12; do mkdir old$i; done`,
    )
    // Not the shell above, whose own words name it too.
    const runs = async () => /^sh \S+host-0002\.sh guard$/m.test(await host.must('ps -eo args'))
    await until(runs, 'a program to run')
    // What lists them names them all, and may take its time to end.
    const slow =
      '#!/bin/dash\n/usr/bin/ls "$@"; code=$?\ncase "$*" in *host-0*) exec >&-; sleep 0.5 ;; esac\nexit $code\n'
    await host.must('cat >/usr/local/sbin/ls && chmod 755 /usr/local/sbin/ls', slow)
    await persisted(host, web)
    const numbers = [1, 2, 4, 5, 6, 7, 8].map(number => `host-000${number}.sh`)
    expect(programs(host)).toEqual([...numbers, `host-${hostProgram().hash}.sh`].toSorted())
  })
})

describe('a container that was started again', () => {
  it('keeps nothing in /run of the changes of its former lives', async () => {
    const host = await aHost()
    await persisted(host, wanted())
    await host.must(
      'cd /run/fleet && echo 1 >life && mkdir -p 12345/txn/dead lock unstored block && ln -s /nowhere unstored/owner',
    )
    const { generation } = await persisted(host, web)
    expect(generation).toBe(2)
    const start = (await host.must("awk '{ print $22 }' /proc/1/stat")).trim()
    expect(listed(join(host.root, 'run/fleet'))).toEqual([start, 'arming', 'block', 'life'])
  })
})
