import { KEEPER_PASSWORD } from '../../src/lab/users.ts'

/** A login that isn't a plain one: what makes it so, on the host. */
export interface Oddity {
  readonly name: string
  readonly make: string
  /** How the inventory says to log in there; as root with the lab's key without it. */
  readonly variables?: string
  readonly systemd?: boolean
}

/** Its row of the inventory. */
export const rowOf = ({ name, variables }: Oddity, address: string): string =>
  variables === undefined ? name : `${name} ansible_host=${address} ${variables}`

const configure = (...lines: readonly string[]) =>
  `${lines.map(line => `echo '${line}' >>/etc/ssh/sshd_config.d/lab.conf\n`).join('')}kill -HUP "$(cat /run/sshd.pid)"\n`
const forced = (command: string) => `sed -i 's|^|command="${command}" |' /root/.ssh/authorized_keys`
const shell = (path: string) => `usermod --shell ${path} root`
const script = (path: string, ...lines: readonly string[]) =>
  `printf '%s\\n' '#!/bin/sh' ${lines.map(line => `'${line}'`).join(' ')} >${path}; chmod 755 ${path}\n`
const pam = (type: string, seconds: number) =>
  `${script('/usr/local/bin/slow', 'echo a moment', `sleep ${seconds}`)}echo '${type} required pam_exec.so stdout /usr/local/bin/slow' >>/etc/pam.d/sshd\n`

/** 10,000 lines and what is no text at all, without a newline at its end, on both streams. */
const NOISE = `
{ seq -f 'Welcome, line %g of the news' 10000; head -c 100000 /dev/urandom; printf 'no newline'; } >/etc/noise
echo 'cat /etc/noise; cat /etc/noise >&2' >/etc/noise.sh
`

/** Each is worked on as any other host. */
export const HARMLESS: readonly Oddity[] = [
  {
    name: 'banner',
    make: `{ head -c 15000 /dev/urandom | tr -d '\\0'; seq -s ' ' 3000; } >/etc/issue.net\n${configure('Banner /etc/issue.net')}`,
  },
  { name: 'slow', make: pam('account', 1) + pam('session', 1) },
  {
    name: 'noisy',
    make: `${NOISE}for file in /root/.bashrc /root/.profile /etc/profile /etc/bash.bashrc /etc/ssh/sshrc; do echo '. /etc/noise.sh' >"$file"; done`,
  },
  {
    name: 'asked',
    make: `${NOISE}echo '. /etc/noise.sh' >/home/keeper/.bashrc`,
    variables: `ansible_user=keeper ansible_become=true ansible_become_password=${KEEPER_PASSWORD}`,
  },
  // A library that isn't there is complained about by each program that starts.
  {
    name: 'environment',
    make: `${NOISE}echo BASH_ENV=/etc/noise.sh >>/etc/environment; echo /nowhere/library.so >/etc/ld.so.preload`,
  },
  {
    name: 'fish',
    make: `mkdir -p /root/.config/fish; echo 'echo Welcome; echo Welcome >&2; printf more' >/root/.config/fish/config.fish; ${shell('/usr/bin/fish')}`,
  },
  { name: 'tcsh', make: `printf 'echo Welcome\\necho -n more\\n' >/root/.tcshrc; ${shell('/usr/bin/tcsh')}` },
  {
    name: 'zsh',
    make: `DEBIAN_FRONTEND=noninteractive apt-get -qq -y install zsh >/dev/null 2>&1 </dev/null; echo 'echo Welcome; echo Welcome >&2' >/etc/zsh/zshenv; ${shell('/usr/bin/zsh')}`,
  },
  {
    name: 'wrapped',
    make:
      script('/usr/local/bin/wrap', 'echo noted', 'exec /bin/sh -c "$SSH_ORIGINAL_COMMAND"') +
      forced('/usr/local/bin/wrap'),
  },
  // sshd of its own for each connection, and a line before what sshd says first.
  {
    name: 'socket',
    systemd: true,
    make: `${script('/usr/local/bin/greet', 'printf "Welcome\\r\\n"', 'exec /usr/sbin/sshd -i')}
cd /etc/systemd/system
printf '%s\\n' '[Socket]' ListenStream=22 Accept=yes >greet.socket
printf '%s\\n' '[Service]' ExecStart=-/usr/local/bin/greet StandardInput=socket RuntimeDirectory=sshd RuntimeDirectoryPreserve=yes >greet@.service
systemctl daemon-reload; systemctl stop ssh.service; systemctl start greet.socket`,
  },
]

/** None of these can be worked on: what is said of it, and words that name the cause. */
export const HOPELESS: readonly (Oddity & { readonly verdict: string; readonly words: RegExp })[] = [
  {
    name: 'forced',
    make: forced('echo hello'),
    verdict: 'failed: shell-refused',
    words: /: hello\. .*authorized_keys/,
  },
  {
    name: 'files_only',
    make: configure('ForceCommand internal-sftp'),
    verdict: 'failed: shell-refused',
    words: /ForceCommand/,
  },
  {
    name: 'no_root',
    make: configure('PermitRootLogin no'),
    verdict: 'unreachable: auth-refused',
    words: /PermitRootLogin/,
  },
  {
    name: 'no_login',
    make: shell('/usr/sbin/nologin'),
    verdict: 'failed: shell-refused',
    words: /account is currently not available.*login shell/,
  },
  {
    name: 'restricted',
    make: `ln -sf bash /bin/rbash; ${shell('/bin/rbash')}`,
    verdict: 'failed: shell-refused',
    words: /restricted.*login shell/,
  },
  {
    name: 'password_expired',
    make: 'chage --lastday 0 root',
    verdict: 'failed: shell-refused',
    words: /Password change required/,
  },
  {
    name: 'account_expired',
    make: 'chage --expiredate 1 root',
    verdict: 'unreachable: auth-lost',
    words: /account has expired/,
  },
  {
    name: 'too_slow',
    make: pam('account', 20),
    verdict: 'unreachable: auth-timeout',
    words: /for 9 s.*PAM/,
  },
  {
    name: 'pam_denies',
    make: `echo 'session required pam_deny.so' >>/etc/pam.d/sshd`,
    verdict: 'failed: shell-refused',
    words: /code 254/,
  },
  {
    name: 'no_sessions',
    make: configure('MaxSessions 0'),
    verdict: 'failed: channel-refused',
    words: /MaxSessions/,
  },
  {
    name: 'long_banner',
    make: `seq -s ' ' 20000 >/etc/issue.net\n${configure('Banner /etc/issue.net')}`,
    verdict: 'unreachable: banner-too-long',
    words: /Banner/,
  },
  // What is meant for fleet's program goes to another.
  {
    name: 'reads',
    make: `echo 'read -r line' >/root/.bashrc`,
    verdict: 'failed: host-storage',
    words: /login shell/,
  },
  {
    name: 'other_shell',
    make: `echo 'exec tcsh' >/root/.bashrc`,
    verdict: 'failed: shell-refused',
    words: /login shell/,
  },
]
