import { execFileSync, spawn } from 'node:child_process'
import { rmSync } from 'node:fs'
import { createInterface } from 'node:readline'
import type { Packet } from '../../src/evaluate/packet.ts'
import type { Family } from '../../src/model/family.ts'
import { BUILT_IN } from '../../src/ruleset/ruleset.ts'

/**
 * A host between two networks, each with one neighbour, in namespaces without a way out:
 *   left (eth0) <-> (lan0) host (lan1) <-> (eth0) right
 * Real packets go through its kernel, and counters tell what became of them.
 */
export interface Kernel {
  /** Loads a payload, sends the packets and says what became of each, and how often a REJECT was hit. */
  judge(program: string, payload: string, packets: readonly Packet[]): Promise<Judgement>
  end(): void
}

export interface Judgement {
  readonly accepted: readonly boolean[]
  readonly rejects: number
}

export const SUBNET = { 4: ['10.77.0.', '10.77.1.'], 6: ['fd77:0:0:1::', 'fd77:0:0:2::'] } as const
export const HOST_OF = (family: Family, side: 0 | 1) => `${SUBNET[family][side]}1`
const NEIGHBOURS = [2, 3, 4, 5]

/** Sends each packet of a line of JSON and answers a line. A closed socket doesn't send its SYN again. */
const SENDER = `
const net = require('node:net'), dgram = require('node:dgram')
const tcp = p => new Promise(done => {
  const socket = net.connect({ localAddress: p.source, localPort: p.sport, host: p.destination, port: p.dport })
  socket.on('error', () => {})
  setImmediate(() => setImmediate(() => { socket.destroy(); done() }))
})
const udp = p => new Promise(done => {
  const socket = dgram.createSocket(p.family === 4 ? 'udp4' : 'udp6')
  socket.on('error', () => { socket.close(); done() })
  socket.bind(p.sport, p.source, () => socket.send('x', p.dport, p.destination, () => { socket.close(); done() }))
})
require('node:readline').createInterface({ input: process.stdin }).on('line', async line => {
  for (const p of JSON.parse(line)) await (p.proto === 'tcp' ? tcp(p) : udp(p))
  console.log('sent')
})
`

export function startKernel(): Kernel {
  const names = ['left', 'host', 'right'].map(side => `eval-${side}-${process.pid}`)
  const [left = '', host = '', right = ''] = names
  build(left, host, right)
  const senders = new Map(names.map(name => [name, startSender(name)]))
  const send = (from: string, packets: readonly Packet[]) => senders.get(from)?.send(packets)
  const sourceOf = (packet: Packet) =>
    packet.hook === 'output' ? host : packet.inInterface === 'lan0' ? left : right
  const inHost = (program: string, args: string[], input = '') =>
    execFileSync('ip', ['netns', 'exec', host, program, ...args], { input, encoding: 'utf8', env: ENV })

  let last = 'iptables-nft'
  return {
    async judge(program, payload, packets) {
      if (last !== program) inHost(`${last}-restore`, [], WIPED)
      last = program
      inHost(`${program}-restore`, [], blank())
      for (const packet of packets.filter(({ ctstate }) => ctstate === 'ESTABLISHED')) {
        await send(destinationOf(packet, host, left, right), [reversed(packet)])
      }
      inHost(`${program}-restore`, [], payload + markers(packets))
      for (const from of names) {
        await send(
          from,
          packets.filter(packet => sourceOf(packet) === from),
        )
      }
      return read(inHost(`${program}-save`, ['-c']), packets)
    },
    end() {
      for (const { child } of senders.values()) child.kill('SIGKILL')
      for (const name of names) execFileSync('ip', ['netns', 'delete', name])
      rmSync(ENV.XTABLES_LOCKFILE, { force: true })
    },
  }
}

const ENV = { ...process.env, XTABLES_LOCKFILE: `/run/xtables-eval-${process.pid}.lock` }

function build(left: string, host: string, right: string): void {
  const lines = [left, host, right].map(name => `netns add ${name}`)
  for (const [side, neighbour] of [left, right].entries()) {
    const number = side === 0 ? 0 : 1
    lines.push(`link add lan${side} netns ${host} type veth peer name eth0 netns ${neighbour}`)
    for (const family of [4, 6] as const) {
      const [subnet, bits, dad] = [
        SUBNET[family][number],
        family === 4 ? 24 : 64,
        family === 4 ? '' : ' nodad',
      ]
      lines.push(`-n ${host} address add ${subnet}1/${bits} dev lan${side}${dad}`)
      for (const at of NEIGHBOURS)
        lines.push(`-n ${neighbour} address add ${subnet}${at}/${bits} dev eth0${dad}`)
    }
    lines.push(`-n ${host} link set lan${side} address 02:00:00:00:0${side}:01 up`)
    lines.push(`-n ${neighbour} link set eth0 address 02:00:00:00:0${side}:02 up`)
    for (const family of [4, 6] as const) {
      const subnet = SUBNET[family][number]
      lines.push(`-n ${neighbour} -${family} route add default via ${subnet}1`)
      // Nobody asks for neighbours: random rules would drop that.
      lines.push(
        `-n ${neighbour} neigh replace ${subnet}1 lladdr 02:00:00:00:0${side}:01 dev eth0 nud permanent`,
      )
      for (const at of NEIGHBOURS) {
        lines.push(
          `-n ${host} neigh replace ${subnet}${at} lladdr 02:00:00:00:0${side}:02 dev lan${side} nud permanent`,
        )
      }
    }
  }
  for (const line of lines) execFileSync('ip', line.split(' '))
  for (const neighbour of [left, right]) silence(neighbour)
  const switches = ['net.ipv4.ip_forward=1', 'net.ipv6.conf.all.forwarding=1']
  execFileSync('ip', ['netns', 'exec', host, 'sysctl', '-qw', ...switches])
  for (const [name, family, entry] of [
    ['bad4', 'inet', '10.77.0.2/31'],
    ['bad6', 'inet6', 'fd77:0:0:1::2/127'],
  ]) {
    const sets = `create ${name} hash:net family ${family}\nadd ${name} ${entry}\n`
    execFileSync('ip', ['netns', 'exec', host, 'ipset', 'restore'], { input: sets })
  }
}

/** Neighbours don't answer: a reset or an error that comes back would be counted as well. */
function silence(neighbour: string): void {
  const quiet = ['-p tcp --tcp-flags RST RST', '-p icmp', '-p ipv6-icmp']
  for (const program of ['iptables-nft', 'ip6tables-nft']) {
    for (const match of quiet.slice(0, program === 'iptables-nft' ? 2 : 3)) {
      const rule = `-A OUTPUT ${match} -j DROP`.split(' ')
      execFileSync('ip', ['netns', 'exec', neighbour, program, ...rule], { env: ENV })
    }
  }
}

function startSender(namespace: string) {
  const child = spawn('ip', ['netns', 'exec', namespace, process.execPath, '-e', SENDER], {
    stdio: ['pipe', 'pipe', 'inherit'],
  })
  const answers = createInterface({ input: child.stdout })[Symbol.asyncIterator]()
  const send = async (packets: readonly Packet[]) => {
    if (packets.length === 0) return
    child.stdin.write(`${JSON.stringify(packets)}\n`)
    await answers.next()
  }
  return { child, send }
}

function destinationOf(packet: Packet, host: string, left: string, right: string): string {
  if (packet.hook === 'input') return host
  return packet.outInterface === 'lan0' ? left : right
}

const reversed = ({ source = '', destination = '', sport = 0, dport = 0, ...packet }: Packet): Packet => ({
  ...packet,
  source: destination,
  destination: source,
  sport: dport,
  dport: sport,
})

const CHAINS = ['INPUT', 'FORWARD', 'OUTPUT'] as const

/** Connection tracking runs only where a rule asks for it; this one does, all the time. */
const TRACKED = CHAINS.map(chain => `-A ${chain} -m conntrack --ctstate NEW,ESTABLISHED`)

/** Legacy keeps the policy of a chain that a restore doesn't name. */
const accepting = (table: string) =>
  `*${table}\n${BUILT_IN[table]?.map(chain => `:${chain} ACCEPT [0:0]\n`).join('')}COMMIT\n`
const blank = () =>
  `${['raw', 'mangle', 'filter'].map(accepting).join('')}*security\n${TRACKED.join('\n')}\nCOMMIT\n`

const WIPED = `${blank()}*security\nCOMMIT\n`

/** The security table comes after filter: what is counted there was accepted. */
function markers(packets: readonly Packet[]): string {
  const rules = packets.map(
    ({ hook, proto, source, sport, dport }, at) =>
      `-A ${hook.toUpperCase()} -s ${source} -p ${proto} -m ${proto} --sport ${sport} --dport ${dport} -m comment --comment marker${at}`,
  )
  return `*security\n${[...TRACKED, ...rules].join('\n')}\nCOMMIT\n`
}

function read(save: string, packets: readonly Packet[]): Judgement {
  const counted = (line: string) => Number(/^\[(\d+):/.exec(line)?.[1] ?? 0)
  const lines = save.split('\n').filter(line => line.startsWith('['))
  const byMarker = new Map(lines.map(line => [/--comment marker(\d+)$/.exec(line)?.[1] ?? '', counted(line)]))
  return {
    accepted: packets.map((_, at) => (byMarker.get(String(at)) ?? 0) > 0),
    rejects: lines.filter(line => line.includes(' -j REJECT')).reduce((sum, line) => sum + counted(line), 0),
  }
}
