import { describe, expect, it } from 'vitest'
import { extraAddress, type LabSpec, planHosts } from '../../../src/lab/spec.ts'
import { FleetError } from '../../../src/model/error.ts'

const lab = (...names: string[]): LabSpec => ({ name: 'x', hosts: names.map(name => ({ name })) })
const codeOf = (spec: LabSpec): string => {
  try {
    planHosts(spec)
  } catch (error) {
    return error instanceof FleetError ? error.code : String(error)
  }
  return 'none'
}

describe('planHosts', () => {
  it('gives every one of thousands of hosts an address and a cable of its own', () => {
    const plans = planHosts(lab(...Array.from({ length: 3000 }, (_, index) => `web${index}`)))
    expect(new Set(plans.map(plan => plan.address4)).size).toBe(3000)
    expect(new Set(plans.map(plan => plan.address6)).size).toBe(3000)
    expect(plans.filter(plan => plan.cable.length > 15)).toEqual([])
    expect(plans.map(plan => plan.address4)).not.toContain('10.90.0.1')
  })

  it.each(['a b', '../x', '-web', 'web@1', '', 'x'.repeat(64)])('refuses the name %j', name => {
    expect(codeOf(lab(name))).toBe('lab-bad-name')
  })

  it('never gives hosts of two labs the same namespace', () => {
    const [one] = planHosts({ name: 'a', hosts: [{ name: 'b-c' }] })
    const [two] = planHosts({ name: 'a-b', hosts: [{ name: 'c' }] })
    expect(one?.namespace).not.toBe(two?.namespace)
  })

  it('refuses two hosts of one name, and more hosts than there are addresses', () => {
    expect(codeOf(lab('web1', 'db1', 'web1'))).toBe('lab-duplicate-host')
    expect(codeOf(lab(...Array.from({ length: 13_000 }, (_, index) => `h${index}`)))).toBe(
      'lab-too-many-hosts',
    )
  })
})

describe('extraAddress', () => {
  it('is an address of either family, and neither a name nor loopback', () => {
    const of = (address?: string) => extraAddress({ name: 'x', ...(address !== undefined && { address }) })
    expect([of('192.0.2.1'), of('2001:db8::1')]).toEqual(['192.0.2.1', '2001:db8::1'])
    expect([of('web1.example.com'), of('127.0.0.1'), of('::1'), of()]).toEqual(Array(4).fill(undefined))
  })
})
