import { describe, expect, it } from 'vitest'
import { CONTROLLER4 } from '../../../src/lab/spec.ts'
import { inForce } from '../../integration/hosts/rules.ts'
import { until } from '../../integration/hosts/wait.ts'
import { AptTrial, DEB, HOLD, NO_LISTS, SILENT, saidOf, UFW } from '../apt.ts'
import { useTrial } from '../trial.ts'

/* iptables-persistent has to be installed first, and apt is held, slow, asked, full or broken: a bounded wait, a clear failure, nothing changed. */

const APT = 'held freed lists meanwhile asks disc answers none silent mute gone stale ufw half'.split(' ')
const SYS = ['full', 'killed']
const trial = useTrial('apt', ['model', ...APT, ...SYS.map(name => ({ name, systemd: true }))], {
  packages: true,
  aptLists: true,
  untouched: [...APT, ...SYS],
})
const apt = new AptTrial(trial)

const OLD_RULES = '*filter\n:INPUT DROP [0:0]\n:FORWARD DROP [0:0]\n:OUTPUT ACCEPT [0:0]\nCOMMIT\n'
const letGo = (name: string) => trial.must(name, 'touch /tmp/let-go')

describe.concurrent('an apt that is used by another', () => {
  it('for longer than the wait', async () => {
    await trial.must('held', HOLD)
    const attempt = await apt.begin('held', 2)
    await trial.ends(attempt, 3, { held: 'failed: packages-failed' })
    const detail = expect.stringMatching(/held by process \d+ \(apt-get\)/)
    expect(saidOf(attempt)).toMatchObject({ why: 'locked', detail })
    await letGo('held')
    await apt.isAtRest('held')
  })

  it('who lets go in time', async () => {
    await trial.must('freed', HOLD)
    const attempt = await apt.begin('freed')
    await apt.waits('freed')
    await letGo('freed')
    await apt.succeeds('freed', attempt)
  })

  it('who fetches its lists, for which apt itself does not wait', async () => {
    await apt.silence()
    await trial.must(
      'lists',
      `${NO_LISTS}
      echo 'deb [trusted=yes] http://${CONTROLLER4}:${SILENT}/ ./' >/tmp/silent.list
      setsid apt-get update -o Dir::Etc::sourcelist=/tmp/silent.list >/tmp/other 2>&1 </dev/null & echo $! >/tmp/other.pid
      until pgrep -x http >/dev/null; do sleep 0.1; done`,
    )
    const attempt = await apt.begin('lists')
    await apt.waits('lists')
    await trial.must('lists', 'kill "$(cat /tmp/other.pid)"')
    await apt.succeeds('lists', attempt)
  })

  it('who installs what would have to go again', async () => {
    await trial.must('meanwhile', UFW + HOLD)
    const attempt = await apt.begin('meanwhile')
    await apt.waits('meanwhile')
    await trial.must('meanwhile', 'DPKG_FRONTEND_LOCKED=1 dpkg -i /tmp/ufw.deb')
    await letGo('meanwhile')
    expect(await apt.fails('meanwhile', attempt, 'refused: packages-refused')).toMatchObject({
      why: 'would-remove',
      detail: 'ufw',
    })
    await apt.isInstalled('meanwhile', 'ufw')
  })
})

describe.concurrent('an apt that asks', () => {
  it('at the terminal finds none, and fails', async () => {
    const asking = 'echo "Really? [y/N]" >&2\nread -r answer </dev/tty\n[ "$answer" = y ]'
    await trial.must(
      'asks',
      `${DEB('ipset', 'Version: 99', asking)}
      dpkg-scanpackages . >Packages 2>/dev/null
      echo 'deb [trusted=yes] file:/tmp ./' >>/etc/apt/sources.list; apt-get -qq update`,
    )
    expect(await apt.fails('asks', await apt.begin('asks'))).toMatchObject({
      why: 'not-installed',
      detail: expect.stringContaining('cannot open /dev/tty'),
    })
  })

  it('for a disc that nobody puts in', async () => {
    const disc = '/media/cdrom/dists/bookworm/main/binary-amd64'
    await trial.must(
      'disc',
      `mkdir -p ${disc} /media/cdrom/pool /media/cdrom/.disk; echo Disc >/media/cdrom/.disk/info
      cd /media/cdrom; cp /var/lib/apt/lists/*_Packages ${disc}/Packages; sed -i 's,^Filename: .*/,Filename: pool/,' ${disc}/Packages
      awk '/^Filename/ { file = $2 } /^Size/ { size = $2 } /^$/ { print size, file }' ${disc}/Packages | while read -r size file; do truncate -s $size $file; done
      rm /etc/apt/sources.list; ${NO_LISTS}
      apt-cdrom -d /media/cdrom -m add </dev/null; rm -r /media/cdrom; sed -i 's/deb cdrom/deb [trusted=yes] cdrom/' /etc/apt/sources.list`,
    )
    expect(await apt.fails('disc', await apt.begin('disc', 20))).toMatchObject({
      why: 'not-installable',
      detail: expect.stringContaining('Failed to fetch cdrom:'),
    })
  })

  it('for what is answered: a file of configuration that is there, debconf, what to save', async () => {
    const mine = '# mine\nFLUSH_ON_STOP=1\n'
    await trial.must(
      'answers',
      `cat >/etc/default/netfilter-persistent; debconf-set-selections <<END
debconf debconf/frontend select Dialog
debconf debconf/priority select low
iptables-persistent iptables-persistent/autosave_v4 boolean true
iptables-persistent iptables-persistent/autosave_v6 boolean true
END`,
      mine,
    )
    await apt.succeeds('answers', await apt.begin('answers'))
    expect(await trial.must('answers', 'cat /etc/default/netfilter-persistent')).toBe(mine)
    expect(await trial.must('answers', 'ls /etc/iptables/fleet/gen-000000')).not.toContain('rules')
  })
})

const source = (path: string) =>
  `echo 'deb [trusted=yes] http://${CONTROLLER4}${path}/ ./' >/etc/apt/sources.list`

describe.concurrent('sources', () => {
  it('none', async () => {
    await trial.must('none', `${NO_LISTS}: >/etc/apt/sources.list`)
    expect(await apt.fails('none', await apt.begin('none'))).toMatchObject({
      why: 'not-installable',
      detail: expect.stringContaining('Unable to locate package'),
    })
  })

  it('that is silent', async () => {
    await apt.silence()
    await trial.must('silent', NO_LISTS + source(`:${SILENT}`))
    expect(await apt.fails('silent', await apt.begin('silent', 3))).toMatchObject({
      why: 'too-slow',
    })
  })

  it('that is silent once archives are asked of it', async () => {
    await apt.silence()
    await trial.must(
      'mute',
      `cd /var/lib/apt/lists; for f in *:8000*; do mv "$f" "$(echo "$f" | sed s/:8000/:${SILENT}/)"; done
      sed -i s/:8000/:${SILENT}/ /etc/apt/sources.list`,
    )
    expect(await apt.fails('mute', await apt.begin('mute', 3))).toMatchObject({ why: 'too-slow' })
  })

  it('that is gone', async () => {
    await trial.must('gone', NO_LISTS + source(':8000/gone'))
    const detail = expect.stringMatching(/Unable to locate package.*404/s)
    expect(await apt.fails('gone', await apt.begin('gone'))).toMatchObject({ why: 'not-installable', detail })
  })

  it('whose lists are older than its packages', async () => {
    await trial.must('stale', `sed -i '/^Filename/s,[^/]*$,gone.deb,' /var/lib/apt/lists/*_Packages`)
    await apt.succeeds('stale', await apt.begin('stale'))
  })
})

describe.concurrent('packages', () => {
  it('that would have to go: ufw, which is there and switched off', async () => {
    await trial.must('ufw', `${UFW}dpkg -i ufw.deb; mkdir -p /etc/ufw; echo ENABLED=no >/etc/ufw/ufw.conf`)
    const attempt = await apt.begin('ufw')
    expect(await apt.fails('ufw', attempt, 'refused: packages-refused')).toMatchObject({
      why: 'would-remove',
      detail: 'ufw',
    })
    await apt.isInstalled('ufw', 'ufw')
  })

  it('that somebody else left half installed', async () => {
    await trial.must(
      'half',
      `${DEB('other', 'Version: 1')}dpkg --unpack other.deb
      mkdir -p /var/lib/dpkg/updates; sed '/^Package: other$/,/^$/!d' /var/lib/dpkg/status >/var/lib/dpkg/updates/0000`,
    )
    expect(await apt.fails('half', await apt.begin('half'))).toMatchObject({
      detail: expect.stringContaining('dpkg --configure -a'),
    })
    await trial.must('half', 'dpkg --configure -a')
    await apt.succeeds('half', await apt.begin('half'))
  })
})

describe.concurrent('rules that lie there of old, under systemd,', () => {
  const inPlace = (name: string) =>
    trial.must(name, 'mkdir -p /etc/iptables; cat >/etc/iptables/rules.v4', OLD_RULES)
  const isUntouched = async (name: string) => {
    expect(await inForce(trial.host(name))).toEqual(['', ''])
    expect(await trial.must(name, 'cat /etc/iptables/rules.v4')).toBe(OLD_RULES)
  }

  it('are not loaded by an installation that finds the disk full, nor by a boot after it', async () => {
    const host = trial.host('full')
    await inPlace('full')
    await trial.must(
      'full',
      `p=/usr/share/netfilter-persistent/plugins.d; mkdir -p $p; mount -t tmpfs -o size=4k tmpfs $p; head -c 4096 /dev/zero >$p/full`,
    )
    const attempt = await apt.begin('full')
    await trial.says(attempt, 3, { full: 'failed: packages-failed' })
    expect(saidOf(attempt)).toMatchObject({
      why: 'not-installed',
      detail: expect.stringContaining('No space left'),
    })
    // What is unpacked loads them when it is set up, whoever does that: it stays masked.
    const unit = `dpkg-query -W -f '\${db:Status-Status} ' netfilter-persistent; systemctl is-enabled netfilter-persistent || true`
    expect(await trial.must('full', unit)).toBe('unpacked masked\n')
    await isUntouched('full')
    await host.unplug()
    await host.boot()
    await isUntouched('full')
    await trial.must('full', 'dpkg --configure netfilter-persistent')
    await isUntouched('full')
    await trial.says(await apt.begin('full'), 0, { full: 'persisted: boot-loads-other' })
    await apt.isAtRest('full')
  })

  it('are not loaded by one that is killed in the middle, nor by who finishes it', async () => {
    await inPlace('killed')
    await trial.must(
      'killed',
      `printf '#!/bin/sh\ntouch /tmp/reached\nsleep 1000\n' >/usr/sbin/policy-rc.d; chmod 755 /usr/sbin/policy-rc.d`,
    )
    const attempt = await apt.begin('killed')
    await until(
      () => trial.host('killed').exec('test -e /tmp/reached'),
      ({ code }) => code === 0,
    )
    await trial.must(
      'killed',
      `kill -9 $(pgrep -f '[p]ackages 60$') $(pgrep 'timeout|apt-get|dpkg') $(pgrep -f '[p]olicy-rc.d|[p]ostinst')`,
    )
    await trial.says(attempt, 4, { killed: 'unknown: host-answer-unreadable' })
    await isUntouched('killed')
    await trial.must('killed', 'rm /usr/sbin/policy-rc.d /run/fleet/packages.*; dpkg --configure -a')
    await isUntouched('killed')
    await trial.says(await apt.begin('killed'), 0, { killed: 'persisted: boot-loads-other' })
    await apt.isAtRest('killed')
  })
})
