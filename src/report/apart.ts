import type { Args } from '../model/finding.ts'

/** `net`, or a folder. */
export const sayApart = (what: Args[string] | undefined): string =>
  what === 'net'
    ? "The sshd that fleet comes to is in a network namespace of its own (ip netns exec, NetworkNamespacePath=), which has rules of its own. The host's systemd would start the guard outside of it, and a boot loads rules outside of it: the rules of another one would be changed. Let fleet come to an sshd in the namespace of the host's first process."
    : `What fleet's session sees as ${String(what)} is not what the host's systemd sees there (a mount namespace, a chroot), and systemd starts the guard, which would find nothing. Let fleet come to an sshd that sees the host's own files.`
