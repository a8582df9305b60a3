import { readFileSync } from 'node:fs'
import { join } from 'node:path'
import { type MiniHost, until } from '../program/mini-host.ts'

/** Where traffic comes from: the host, a network namespace of somebody far away, one of a container behind the host. */
export type Place = 'host' | 'far' | 'inner'

export const ATTACKER = { 4: '203.0.113.9', 6: '2001:db8::9' } as const
export const NEIGHBOUR = { 4: '203.0.113.7', 6: '2001:db8::7' } as const
export const HOST = { 4: '203.0.113.1', 6: '2001:db8::1' } as const

/** As Docker publishes a port: DNAT before anybody's INPUT, and accepted in FORWARD. */
const publish = (tables: string, network: string, container: string) => `
${tables} -t nat -N DOCKER
${tables} -t nat -A PREROUTING -m addrtype --dst-type LOCAL -j DOCKER
${tables} -t nat -A DOCKER ! -i docker0 -p tcp --dport 8080 -j DNAT --to-destination ${container}:80
${tables} -t nat -A POSTROUTING -s ${network} ! -o docker0 -j MASQUERADE
${tables} -A FORWARD -m conntrack --ctstate RELATED,ESTABLISHED -j ACCEPT
${tables} -A FORWARD -o docker0 -p tcp --dport 80 -j ACCEPT
${tables} -A FORWARD -i docker0 -j ACCEPT
${tables} -P FORWARD DROP`
const PUBLISH =
  publish('iptables', '172.17.0.0/16', '172.17.0.2') + publish('ip6tables', 'fd00:17::/64', '[fd00:17::2]')

const WIRES = `set -e
echo 1 >/proc/sys/net/ipv4/ip_forward; echo 1 >/proc/sys/net/ipv6/conf/all/forwarding
for name in far inner; do ip netns add $name; ip -n $name link set lo up; done
ip link add out type veth peer name far0 && ip link set far0 netns far
ip link add docker0 type veth peer name eth0 && ip link set eth0 netns inner
ip addr add ${HOST[4]}/24 dev out; ip addr add ${HOST[6]}/64 dev out nodad; ip link set out up
ip addr add 172.17.0.1/16 dev docker0; ip addr add fd00:17::1/64 dev docker0 nodad; ip link set docker0 up
ip -n far link set far0 up; ip -n inner link set eth0 up
for address in ${ATTACKER[4]}/24 ${NEIGHBOUR[4]}/24; do ip -n far addr add $address dev far0; done
for address in ${ATTACKER[6]}/64 ${NEIGHBOUR[6]}/64; do ip -n far addr add $address dev far0 nodad; done
ip -n inner addr add 172.17.0.2/16 dev eth0; ip -n inner route add default via 172.17.0.1
ip -n inner addr add fd00:17::2/64 dev eth0 nodad; ip -n inner route add default via fd00:17::1
`

const node = process.execPath
const inside = (place: Place) => (place === 'host' ? '' : `ip netns exec ${place} `)

/** A host with somebody far away and a container, each of whom echoes on port 80. */
export async function wire(host: MiniHost): Promise<void> {
  await host.must(WIRES + PUBLISH)
  for (const place of ['host', 'far', 'inner'] as const)
    await host.must(
      `setsid ${inside(place)}${node} -e "require('net').createServer(s=>{s.on('error',()=>{});s.pipe(s)}).listen(80,'::')" </dev/null >/dev/null 2>&1 &`,
    )
  for (const place of ['host', 'far', 'inner'] as const)
    await until(() => reaches(host, { from: place, to: '127.0.0.1' }), `an echo at ${place}`)
}

export interface Way {
  readonly from: Place
  readonly to: string
  readonly by?: string
  readonly port?: number
}

const script = ({ to, by, port = 80 }: Way) =>
  `const s=require('net').connect({host:'${to}',port:${port}${by ? `,localAddress:'${by}'` : ''}})`

/** A new connection is made, and echoes. */
export async function reaches(host: MiniHost, way: Way): Promise<boolean> {
  const talk = `${script(way)};s.on('error',()=>process.exit(1));setTimeout(()=>process.exit(1),700);s.on('data',()=>process.exit(0));s.write('x')`
  return (await host.exec(`${inside(way.from)}${node} -e "${talk}"`)).code === 0
}

/**
 * Of single packets, which nobody answers: whether the attacker's comes past raw, from who is far away or to him. The
 * neighbour's, which is sent behind it, always does.
 */
export async function passesOneWay(host: MiniHost, from: 'far' | 'host', family: 4 | 6): Promise<boolean> {
  const tables = `${inside(from === 'far' ? 'host' : 'far')}ip${family === 6 ? '6' : ''}tables`
  const both = [ATTACKER, NEIGHBOUR].map(who => who[family])
  const rules = both.map(
    who => `${tables} -t mangle -A PREROUTING ${from === 'far' ? '-s' : '-d'} ${who} -p udp`,
  )
  await host.must([`${tables} -t mangle -F PREROUTING`, ...rules].join(' && '))
  for (const who of both) {
    const [by, to] = from === 'far' ? [who, HOST[family]] : [HOST[family], who]
    const send = `const s=require('dgram').createSocket('udp${family}');s.bind(0,'${by}',()=>s.send('x',9,'${to}',()=>s.close()))`
    await host.must(`${inside(from)}${node} -e "${send}"`)
  }
  const passed = async () => {
    const saved = await host.must(`${tables}-save -c -t mangle`)
    return [...saved.matchAll(/^\[(\d+):\d+\] -A PREROUTING/gm)].map(([, packets]) => Number(packets) > 0)
  }
  await until(async () => (await passed())[1] === true, "the neighbour's packet")
  return (await passed())[0] === true
}

/** Packets of the attacker without end: how many the chain drops by a set, and how many have come past it. */
export async function flood(host: MiniHost, set: string) {
  // What gets past raw is counted right behind it.
  await host.must(`iptables -t mangle -A PREROUTING -s ${ATTACKER[4]}`)
  const send = `const s=require('dgram').createSocket('udp4');s.bind(0,'${ATTACKER[4]}',function go(){s.send('x',9,'${HOST[4]}',()=>setImmediate(go))})`
  await host.must(`setsid ip netns exec far ${node} -e "${send}" </dev/null >/dev/null 2>&1 &`)
  const counted = async (table: string, rule: RegExp) =>
    Number(rule.exec(await host.must(`iptables-save -c -t ${table}`))?.[1])
  const dropped = () => counted('raw', new RegExp(`\\[(\\d+):\\d+\\] -A FLEET-BLOCK .*${set} src`))
  await until(async () => (await dropped()) > 1000, 'a flood')
  return { dropped, passed: () => counted('mangle', /\[(\d+):\d+\] -A PREROUTING -s/) }
}

export interface Flow {
  /** Whether anything comes back of what is said from now on. */
  flows(): Promise<boolean>
}

let count = 0

/** An old connection: it says something every 20 ms, and notes what it said and what came back. */
export async function hold(host: MiniHost, way: Way): Promise<Flow> {
  count += 1
  const note = `flow-${count}`
  const talk = `${script(way)};let n=0,m=0;s.on('error',()=>{});s.on('data',d=>{m+=d.length});setInterval(()=>{n++;s.write('x');require('fs').writeFileSync('/${note}',n+' '+m+' .')},20)`
  await host.must(`setsid ${inside(way.from)}${node} -e "${talk}" </dev/null >/dev/null 2>&1 &`)
  const read = () => {
    try {
      const [said, back, end] = readFileSync(join(host.root, note), 'utf8').split(' ')
      return end === '.' ? { said: Number(said), back: Number(back) } : undefined
    } catch {
      return undefined
    }
  }
  await until(() => (read()?.back ?? 0) > 2, `a flow to ${way.to}`)
  return {
    async flows() {
      // What was on its way when the block came into force may still come back.
      let start = read()
      await until(() => (read()?.said ?? 0) > (start?.said ?? 0) + 5, 'more to be said')
      start = read()
      await until(() => (read()?.said ?? 0) > (start?.said ?? 0) + 10, 'more to be said')
      return (read()?.back ?? 0) > (start?.back ?? 0)
    },
  }
}
