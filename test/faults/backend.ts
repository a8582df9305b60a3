import type { LabHost } from '../../src/lab/host.ts'

export type Backend = 'nft' | 'legacy'
export const BACKENDS: readonly Backend[] = ['nft', 'legacy']

/** The host's own choice of iptables, as Debian's alternatives make it. */
export async function chooseBackend(host: LabHost, backend: Backend): Promise<void> {
  const choose = (tool: string) => `update-alternatives --set ${tool} /usr/sbin/${tool}-${backend}`
  const { code, stderr } = await host.exec(`${choose('iptables')} && ${choose('ip6tables')}`)
  if (code !== 0) throw new Error(`${host.name}: ${stderr}`)
}

/** Shell text that stands in for a tool on a host; `exec $REAL "$@"` goes on with the real one. */
export async function replaceTool(host: LabHost, tool: string, script: string): Promise<void> {
  const own = `/usr/local/sbin/${tool}`
  const text = `#!/bin/sh\nREAL=/usr/sbin/${tool}\n${script}\n`
  const { code, stderr } = await host.exec(
    `cat >${own}.new && chmod 755 ${own}.new && mv ${own}.new ${own}`,
    text,
  )
  if (code !== 0) throw new Error(`${host.name}: ${stderr}`)
}

/** From now on a tool does something else where the guard applies, and only there: the rehearsal passed. */
export const breakApply = (host: LabHost, tool: string, instead: string) =>
  replaceTool(host, tool, `case "$*" in *'-w 5'*) ${instead} ;; esac\nexec $REAL "$@"`)

export async function mendTools(host: LabHost): Promise<void> {
  await host.exec('rm -f /usr/local/sbin/*')
}
