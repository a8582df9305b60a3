import type { Args } from '../../model/finding.ts'
import type { Sentences } from './sentence.ts'

const listed = (value: Args[string] | undefined): string =>
  Array.isArray(value) ? value.slice(0, 8).join(', ') : String(value ?? '')

/** What was said, below the sentence; nothing where nothing was said. */
const quoted = (said: Args[string] | undefined): string =>
  said === undefined || said === '' ? '' : `:\n  ${String(said).replaceAll('\n', '\n  ')}`

export const labSentences = {
  'lab-needs-linux': a =>
    `The lab makes its hosts from Linux network namespaces, and this is ${String(a.platform)}. Run it on a Linux machine or in a Linux VM.`,
  'lab-needs-root': () => 'The lab makes network namespaces and mounts, which needs root. Run it with sudo.',
  'lab-missing-tool': a =>
    a.package === ''
      ? `The lab needs the program ${String(a.tool)}, which isn't here.`
      : `The lab needs the program ${String(a.tool)}, which isn't here. Install it with: apt-get install ${String(a.package)}`,
  'lab-command-failed': a =>
    `A command of the lab failed with exit code ${String(a.exit)}: ${String(a.command)}${quoted(a.said)}`,
  'lab-bad-name': a =>
    `"${String(a.name)}" can't be the name of a lab or of a host in it: expected 1 to 63 letters, digits, dots, dashes and underscores, with a letter or a digit at both ends.`,
  'lab-duplicate-host': a => `The lab has two hosts called ${String(a.host)}. Give each a name of its own.`,
  'lab-too-many-hosts': a =>
    `A lab holds at most ${String(a.most)} hosts, and ${String(a.hosts)} were asked for.`,
  'lab-no-host': a => `The lab ${String(a.lab)} has no host ${String(a.host)}. It has: ${listed(a.hosts)}.`,
  'lab-not-running': a =>
    `No lab called ${String(a.lab)} is running (nothing in ${String(a.folder)}). Start one with: fleet lab up`,
  'lab-host-off': a => `The host ${String(a.host)} is off. Boot it first.`,
  'lab-host-failed': a =>
    `The host ${String(a.host)} didn't start. Its log is ${String(a.log)}${quoted(a.said)}`,
  'lab-root-failed': a =>
    `debootstrap couldn't make a root of Debian ${String(a.release)} from ${String(a.mirror)}. Check that this machine reaches that mirror and has 500 MB free in /var/cache${quoted(a.said)}`,
  'lab-unknown-distribution': a =>
    `The lab knows where the packages of Debian and Ubuntu come from, and ${String(a.root)} is "${String(a.id)}". Start the lab without packages, or with hosts over a Debian root.`,
  'lab-packages-failed': a =>
    `The packages for the lab's hosts couldn't be fetched from ${String(a.mirror)}${quoted(a.said)}`,
  'lab-store-failed': a =>
    `The server of the lab's packages didn't start. Its log is ${String(a.log)}${quoted(a.said)}`,
  'lab-shape-refused': a =>
    `The kernel doesn't take "${String(a.args)}" for a network cable (netem needs the kernel module sch_netem)${quoted(a.said)}`,
} satisfies Sentences
