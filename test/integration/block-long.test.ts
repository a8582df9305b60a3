import { expect, it } from 'vitest'
import { makeSite } from './hosts/site.ts'
import { useTestLab } from './hosts/test-lab.ts'

/* A ledger of many thousands of entries: hosts that have it are told what is new, and no more. */

const lab = useTestLab('block-long', ['near', 'far'], { packages: true, aptLists: true })

/** Lines of about 45 bytes: whole, they are 400 kB. */
const MANY = 9000

async function received(host: string): Promise<number> {
  const { stdout } = await lab()
    .host(host)
    .exec(`awk '/eth0:/ { sub(/.*eth0: */, ""); print $1 }' /proc/net/dev`)
  return Number(stdout)
}

const holds = async (host: string) => {
  const { stdout } = await lab()
    .host(host)
    .exec(`ipset save fleet-block4 | grep -c ^add; ipset -q test fleet-block4 203.0.113.9 && echo blocked`)
  return stdout.trim().split('\n')
}

it('sends a host that has a long ledger what is new, and one that lacks some of it all', async () => {
  const at = await makeSite(lab(), ['near', 'far'])
  const list = Array.from(
    { length: MANY },
    (_, n) => `100.${64 + (n >> 12)}.${(n >> 4) & 255}.${(n & 15) * 2}\n`,
  )
  await at.write({ 'bad.txt': list.join('') })
  const told = async (...words: readonly string[]) => {
    const before = { near: await received('near'), far: await received('far') }
    expect(await at.fleet(...words)).toMatchObject({ code: 0 })
    const after = { near: await received('near'), far: await received('far') }
    return { near: after.near - before.near, far: after.far - before.far }
  }
  const all = expect.toSatisfy((bytes: number) => bytes > 350_000)
  const little = expect.toSatisfy((bytes: number) => bytes < 60_000)
  expect(await told('block', 'bad.txt', '--limit', 'near')).toMatchObject({ near: all })
  expect(await told('block', 'bad.txt')).toEqual({ near: all, far: all })
  expect(await told('block', '203.0.113.9')).toEqual({ near: little, far: little })
  expect(await holds('far')).toEqual([String(MANY + 1), 'blocked'])
  expect(await told('unblock', '203.0.113.9')).toEqual({ near: little, far: little })
  expect(await holds('near')).toEqual([String(MANY)])
  expect(await told('blocks', '--repair')).toEqual({ near: little, far: little })
  await lab().host('far').exec('sed -i "50,99d" /etc/iptables/fleet/blocks/map')
  expect(await told('block', '203.0.113.9')).toEqual({ near: little, far: all })
  expect(await holds('far')).toEqual([String(MANY + 1), 'blocked'])
})
