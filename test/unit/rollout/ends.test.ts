import { describe, expect, it } from 'vitest'
import type { Event, Outcome } from '../../../src/model/event.ts'
import { Ends } from '../../../src/rollout/ends.ts'

const persisted = (host: string): Outcome => ({ host, state: 'persisted' })

/** A journal whose disk takes what it was told only when it is let. */
function slowDisk() {
  const told: Event[] = []
  const waiting: { resolve: () => void; reject: (error: Error) => void }[] = []
  let writes = 0
  return {
    told,
    emit: (event: Event) => {
      told.push(event)
      return new Promise<void>((resolve, reject) => waiting.push({ resolve, reject }))
    },
    write: () => {
      writes += 1
      for (const { resolve } of waiting.splice(0)) resolve()
    },
    fail: () => waiting.splice(0).map(({ reject }) => reject(new Error('a bug'))),
    writes: () => writes,
  }
}

const turn = () => new Promise<void>(resolve => void setImmediate(resolve))

describe('the ends of hosts', () => {
  it('are told at once and in their order, and nobody waits for the disk', () => {
    const disk = slowDisk()
    const ends = new Ends(disk.emit)
    expect(ends.enter(persisted('web1'))).toBe('persisted')
    expect(ends.enter({ host: 'web2', state: 'reverted' })).toBe('reverted')
    expect(disk.told).toEqual([
      { type: 'host-settled', host: 'web1', state: 'persisted' },
      { type: 'host-settled', host: 'web2', state: 'reverted' },
    ])
    expect([...ends.done.values()]).toEqual([persisted('web1'), { host: 'web2', state: 'reverted' }])
  })

  it('are told when the last of them is on the disk', async () => {
    const disk = slowDisk()
    const ends = new Ends(disk.emit)
    ends.enter(persisted('web1'))
    disk.write()
    ends.enter(persisted('web2'))
    const told = ends.told()
    expect(await Promise.race([told, turn().then(() => 'not yet')])).toBe('not yet')
    disk.write()
    await told
  })

  it('say that one could not be told where somebody waits for it', async () => {
    const disk = slowDisk()
    const ends = new Ends(disk.emit)
    ends.enter(persisted('web1'))
    disk.fail()
    await turn()
    await expect(ends.told()).rejects.toThrow('a bug')
  })

  it('share the disk where they are many', async () => {
    const disk = slowDisk()
    const ends = new Ends(disk.emit)
    const hosts = Array.from({ length: 2001 }, (_, index) => `web${index}`)
    const done = ends.enterAll(hosts.map(persisted)).then(() => 'done')
    while ((await Promise.race([done, turn()])) !== 'done') disk.write()
    expect(disk.told.map(event => ('host' in event ? event.host : ''))).toEqual(hosts)
    expect(disk.writes()).toBeLessThan(20)
  })
})
