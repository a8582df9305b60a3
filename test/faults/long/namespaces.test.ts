import { expect, it } from 'vitest'
import { hostRules } from '../../integration/hosts/rules.ts'
import { useTrial } from '../trial.ts'

/* sshd is in a network namespace of its own, where the guard, which systemd starts, would not be. */

const trial = useTrial('namespaces', [{ name: 'apart', systemd: true }])

/** The host's interface goes into a namespace, and an sshd with it. */
const MOVE = `set -e
a4=$(ip -o -4 addr show eth0 | awk '{ print $4; exit }')
a6=$(ip -o -6 addr show eth0 scope global | awk '{ print $4; exit }')
ip netns add mgmt
ip link set eth0 netns mgmt
ip -n mgmt link set lo up
ip -n mgmt addr add $a4 dev eth0
ip -n mgmt addr add $a6 dev eth0 nodad
ip -n mgmt link set eth0 up
systemctl stop ssh ssh.socket 2>/dev/null || systemctl stop ssh
systemd-run --quiet --unit=mgmt-sshd -p RuntimeDirectory=sshd ip netns exec mgmt /usr/sbin/sshd -D
until ip netns exec mgmt ss -Hltn | grep -q ':22 '; do sleep 0.1; done`

it('a host whose sshd is in another network namespace is refused, and both keep their rules', async () => {
  await trial.must('apart', MOVE)
  const host = trial.host('apart')
  const inside = () => trial.must('apart', 'ip netns exec mgmt sh -c "iptables-save; ip6tables-save"')
  const [before, own] = [await hostRules(host), await inside()]
  await trial.says(await trial.begin(['apart']), 3, { apart: 'refused: host-apart' })
  expect(await hostRules(host)).toBe(before)
  expect((await inside()).replaceAll(/^#.*\n/gm, '')).toBe(own.replaceAll(/^#.*\n/gm, ''))
})
