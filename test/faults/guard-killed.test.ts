import { beforeAll, expect, it } from 'vitest'
import { arm, awaitApplied, confirm, go, readState, type Transaction } from '../../src/host/guard.ts'
import type { LabHost } from '../../src/lab/host.ts'
import { look, transactionTo, wanted, web } from '../host/program/change.ts'
import { rootSession } from '../integration/hosts/root-session.ts'
import { hostRules } from '../integration/hosts/rules.ts'
import { useTestLab } from '../integration/hosts/test-lab.ts'
import { until } from '../integration/hosts/wait.ts'

const lab = useTestLab('guard-killed', [{ name: 'sys1', systemd: true }], { packages: true, aptLists: true })
const host = () => lab().host('sys1')

async function must(command: string): Promise<string> {
  const { code, stdout, stderr } = await host().exec(command)
  if (code !== 0) throw new Error(`${command}: ${stderr}`)
  return stdout
}

async function applied(want: typeof web, confirmTimeout: number): Promise<Transaction> {
  const session = rootSession(host())
  const transaction = transactionTo(await look(session, want), want, { confirmTimeout })
  expect((await arm(session, transaction)).needsGo).toBe(true)
  await go(session, transaction.nonce)
  expect((await awaitApplied(session, transaction.nonce)).name).toBe('APPLIED')
  return transaction
}

const stateOf = async ({ nonce }: Transaction) => (await readState(rootSession(host()), nonce)).name

const guardPid = async (one: LabHost, { nonce }: Transaction) =>
  Number((await one.exec(`systemctl show -p MainPID --value fleet-guard-${nonce}`)).stdout)

beforeAll(async () => {
  await must(
    'DEBIAN_FRONTEND=noninteractive apt-get -qq -y install iptables-persistent >/dev/null 2>&1 </dev/null',
  )
  const { nonce } = await applied(wanted(), 30_000)
  const boot = (await must('cat /proc/sys/kernel/random/boot_id')).trim()
  expect((await confirm(rootSession(host()), nonce, boot)).is).toBe('persisted')
})

it('is started again whenever it is killed, and keeps its deadline', async () => {
  const before = await hostRules(host())
  const transaction = await applied(web, 8000)
  const state = await must(`ls /run/fleet/txn/${transaction.nonce}/state`)
  let last = 0
  for (let time = 0; time < 7; time += 1) {
    const pid = await until(
      () => guardPid(host(), transaction),
      found => found > 0 && found !== last,
    )
    await must(`kill -9 ${pid}`)
    last = pid
    expect(await must(`ls /run/fleet/txn/${transaction.nonce}/state`)).toBe(state)
  }
  await must('systemctl daemon-reload')
  await until(
    () => stateOf(transaction),
    name => name === 'ROLLED_BACK',
  )
  expect(await hostRules(host())).toBe(before)
  await until(
    () => guardPid(host(), transaction),
    pid => pid === 0,
  )
})

it('rolls back when its unit is stopped', async () => {
  const before = await hostRules(host())
  const transaction = await applied(web, 60_000)
  await must(`systemctl stop fleet-guard-${transaction.nonce}`)
  expect(await stateOf(transaction)).toBe('ROLLED_BACK')
  expect(await hostRules(host())).toBe(before)
})

it('is not armed at all where systemd does not start it', async () => {
  await must(
    `printf '#!/bin/sh\\necho no bus >&2\\nexit 1\\n' >/usr/local/bin/systemd-run; chmod 755 /usr/local/bin/systemd-run`,
  )
  await expect(applied(web, 60_000)).rejects.toMatchObject({
    code: 'host-refuses',
    hostState: 'refused',
    args: { why: 'systemd-run', detail: 'no bus' },
  })
  expect((await host().exec('ls -d /run/fleet/lock')).code).not.toBe(0)
})
