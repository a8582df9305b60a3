import type { Args } from '../../model/finding.ts'
import type { Sentences } from './sentence.ts'

/** `web1 (192.0.2.7, port 2222)`; the address only where it isn't the name. */
const where = ({ host, address, port }: Args) =>
  `${String(host)} (${address === host ? '' : `${String(address)}, `}port ${String(port)})`
/** What known_hosts calls the host, as `ssh-keygen -R` and `ssh-keyscan` want it. */
const knownName = ({ address, port }: Args) =>
  port === 22 ? String(address) : `'[${String(address)}]:${String(port)}'`
const scan = ({ address, port }: Args) =>
  `ssh-keyscan ${port === 22 ? '' : `-p ${String(port)} `}${String(address)}`
const list = (value: Args[string] | undefined) => (Array.isArray(value) ? value.join(', ') : String(value))
const said = (a: Args) => (a.said ? `: ${String(a.said)}` : '')

/** What the system says by a word of its own. */
const UNREACHABLE: Readonly<Record<string, string>> = {
  ENETUNREACH: 'this machine has no route to that network',
  EHOSTUNREACH: 'the network says that nobody is there',
  EACCES: 'this machine may not connect there',
  EPERM: "this machine's own firewall forbids it",
}

export const sessionSentences = {
  'name-not-found': a =>
    `The name ${String(a.address)} of ${String(a.host)} has no address (${String(a.reason)}). Correct it in the inventory, or set ansible_host.`,
  'connect-refused': a =>
    `${where(a)} refuses connections: nothing listens there, or a firewall rejects it. Check that sshd runs and that ansible_port is right.`,
  'connect-timeout': a =>
    `${where(a)} doesn't answer within ${String(a.seconds)} s. Check that the host is up, and that no firewall drops the connection.`,
  'connect-failed': a =>
    `${where(a)} can't be reached: ${UNREACHABLE[String(a.reason)] ?? String(a.reason)}.`,
  'handshake-timeout': a =>
    `${where(a)} takes connections, but didn't get on with the SSH handshake for ${String(a.seconds)} s. Check that it is sshd that listens there, and that the host isn't overloaded.`,
  'handshake-lost': a =>
    `${where(a)} broke the connection off before login (${String(a.reason)}). sshd does that when too many log in at once (MaxStartups) or when it is keeping this address out for a while (PerSourcePenalties); try again, with a lower concurrency.starts (--starts).`,
  'handshake-failed': a =>
    `${where(a)} and fleet can't agree on SSH: ${String(a.reason)}. Check that it is sshd that listens there, and that it offers more than SHA-1.`,
  'host-key-unknown': a =>
    `The key of ${where(a)} isn't known: it shows ${String(a.type)} ${String(a.fingerprint)}. Compare that with \`ssh-keygen -lf /etc/ssh/ssh_host_*_key.pub\` on the host, then log in once with ssh, or add the line that \`${scan(a)}\` prints to known_hosts. For new hosts there is --host-key-checking accept-new.`,
  'host-key-changed': a =>
    `The key of ${where(a)} has changed: it shows ${String(a.type)} ${String(a.fingerprint)}, and is known by ${String(a.knownType)} ${String(a.knownFingerprint)}. Somebody may be in between. If the host was installed anew, remove the old key with \`ssh-keygen -R ${knownName(a)} -f ${String(a.file)}\`, and log in once with ssh.`,
  'host-key-revoked': a =>
    `${where(a)} shows ${String(a.type)} ${String(a.fingerprint)}, which known_hosts marks @revoked. Give the host a new key (\`ssh-keygen -A\` after removing the old one); fleet won't log in with this one.`,
  'host-key-authority': a =>
    `Known_hosts trusts ${where(a)} by a certificate authority only, and fleet can't check host certificates yet. It shows ${String(a.type)} ${String(a.fingerprint)}: compare it, and add the line that \`${scan(a)}\` prints to known_hosts.`,
  'known-hosts-unreadable': a =>
    `${String(a.file)} can't be read (${String(a.reason)}): no host key can be checked against it.`,
  'known-hosts-unwritable': a =>
    `The new key of ${String(a.host)} can't be written to ${String(a.file)} (${String(a.reason)}): it would be taken for new each time. Make the file writable, or name another one with UserKnownHostsFile.`,
  'key-unreadable': a => `The private key ${String(a.file)} can't be read (${String(a.reason)}).`,
  'key-bad': a => `${String(a.file)} isn't a private key that fleet can use: ${String(a.reason)}.`,
  'key-encrypted': a =>
    `The private key ${String(a.file)} has a passphrase, and the agent doesn't hold it. Run \`ssh-add ${String(a.file)}\` first.`,
  'no-key': a =>
    `There is no key to log in with: no agent answers, and ${String(a.folder)} has none of id_ed25519, id_ecdsa, id_rsa. Name one with --private-key or ansible_ssh_private_key_file, or start an agent.`,
  'auth-refused': a =>
    `${where(a)} doesn't let ${String(a.user)} in. Tried: ${list(a.tried)}. Add the public key to ~${String(a.user)}/.ssh/authorized_keys there, look at PermitRootLogin and AllowUsers in its sshd_config, or name another user or key (--user, --private-key).`,
  'auth-timeout': a =>
    `${where(a)} didn't get on with the login for ${String(a.seconds)} s. Look there for what PAM waits for, or give it longer (--connect-timeout).`,
  'auth-lost': a =>
    `${where(a)} broke the connection off during the login of ${String(a.user)}: ${String(a.reason)}. Check there whether the account has expired (chage -l ${String(a.user)}), and what sshd and PAM say: journalctl -u ssh, or /var/log/auth.log.`,
  'banner-too-long': a =>
    `${where(a)} sends ${String(a.reason)} bytes at once during the login, as a banner of that length would be, and fleet takes 35000 at most. Shorten the file that Banner names in its sshd_config.`,
  aborted: a => `The connection to ${String(a.host)} was ended because the run was stopped.`,
  'connection-lost': a =>
    `The connection to ${String(a.host)} was lost (${String(a.reason)}): what the last command did isn't known.`,
  'channel-refused': a =>
    `The host's sshd wouldn't run a command: ${String(a.reason)}. Check MaxSessions, ForceCommand and what authorized_keys says before the key.`,
  'exec-timeout': a =>
    `The command on the host took longer than ${String(a.seconds)} s: what it did isn't known.`,
  'output-too-large': a => `The command on the host wrote more than ${String(a.bytes)} bytes, and was ended.`,
  'shell-refused': a =>
    `${String(a.host)} ran something else in place of fleet's command, which ended with code ${String(a.code)}${said(a)}. Check the login shell of ${String(a.user)}, ForceCommand, and what authorized_keys says before the key.`,
  'sudo-missing': a =>
    `${String(a.host)} has no sudo, and ${String(a.user)} isn't root. Install it there, or log in as root (--user root).`,
  'sudo-refused': a =>
    `${String(a.user)} may not become root on ${String(a.host)}${said(a)}. Put \`${String(a.user)} ALL=(root) NOPASSWD: ALL\` into /etc/sudoers.d/fleet there${a.withPassword ? '' : ', or give the password with --ask-become-pass'}.`,
  'sudo-password-wrong': a =>
    `Sudo on ${String(a.host)} doesn't take the password given for ${String(a.user)}. Check ansible_become_password, or --ask-become-pass.`,
  'quote-unsupported': a =>
    `${JSON.stringify(a.word)} has a control character in it, and can't be passed through every login shell.`,
} satisfies Sentences
