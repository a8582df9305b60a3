import { type BlockOrder, checkBlocks, sendBlocks } from '../../../src/host/block.ts'
import type { BlockAnswer } from '../../../src/host/block-answer.ts'
import { type BlockLine, mergeBlocks } from '../../../src/model/block.ts'
import type { MiniHost } from '../program/mini-host.ts'
import { aHost, over } from '../program/steps.ts'

export { aHost }

export const now = () => Math.floor(Date.now() / 1000)

/** A word about an address, of this moment unless said. */
export const word = (address: string, more: Partial<BlockLine> = {}): BlockLine => ({
  address,
  direction: 'both',
  at: Date.now(),
  until: 0,
  state: 'blocked',
  ...more,
})

export const order = (lines: readonly BlockLine[], more: Partial<BlockOrder> = {}): BlockOrder => ({
  now: now(),
  map: mergeBlocks([lines], more.now ?? now()),
  allow: [],
  even: [],
  ...more,
})

export const block = (
  host: MiniHost,
  lines: readonly BlockLine[],
  more?: Partial<BlockOrder>,
): Promise<BlockAnswer> => over(host, session => sendBlocks(session, order(lines, more)))

/** What the host blocks by its own word; `at` is the time of who asks. */
export const check = (host: MiniHost, at = now()) => over(host, session => checkBlocks(session, at))

/** `SET ADDRESS`, sorted; with the minutes that are begun, where it doesn't last for ever. */
export async function members(host: MiniHost): Promise<readonly string[]> {
  const text = await host.must('ipset save')
  return text
    .split('\n')
    .filter(line => line.startsWith('add '))
    .map(line => line.slice(4).replace(/ timeout 0$/, ''))
    .map(line => line.replace(/timeout (\d+)/, (_, left) => `${Math.ceil(Number(left) / 60)} min`))
    .toSorted()
}

/** The table raw of both families, as saved. */
export async function raw(host: MiniHost): Promise<string> {
  const text = await host.must('iptables-save -t raw && ip6tables-save -t raw')
  return text.replaceAll(/^#.*\n/gm, '').replaceAll(/ \[\d+:\d+\]$/gm, '')
}

/** What is left of the kernel's state after a boot, and then what a boot runs. */
export async function boot(host: MiniHost): Promise<void> {
  await host.must(
    'for tables in iptables ip6tables; do for table in raw filter; do $tables -t $table -F; $tables -t $table -X; done; done; ' +
      'ipset destroy; rm -rf /run/fleet; netfilter-persistent start',
  )
}

/** A tool does something else from now on: it has the real one as `$real`. */
export const instead = (host: MiniHost, tool: string, text: string) =>
  host.must(
    `cat >/usr/local/sbin/${tool} && chmod 755 /usr/local/sbin/${tool}`,
    `#!/bin/dash\nreal=/usr/sbin/${tool}\n[ -e $real ] || real=/usr/bin/${tool}\n${text}\n`,
  )
