import type { Args } from '../../model/finding.ts'
import type { Sentences } from './sentence.ts'

const meant = (a: Args) => (a.nearest ? ` Did you mean ${String(a.nearest)}?` : '')
const list = (value: Args[string] | undefined) =>
  Array.isArray(value) ? value.join(', ') : String(value ?? '')

const NAME_FAULTS: Readonly<Record<string, string>> = {
  empty: 'the name is empty',
  port: 'a port is a number after the last colon, as in web1:22 or [2001:db8::1]:22',
  'range-form': 'a range is [1:20], [01:20], [a:f] or [1:20:2], with at most 65536 hosts',
  'range-end': 'the range needs an end, as in [2:9]',
  'range-order': 'the range is empty: its end comes before its start',
  'range-width': 'with a leading zero both ends must be equally wide, as in [01:20]',
  'range-step': 'the step of a range must be 1 or more',
  user: 'a host name has no @ in it; write ansible_user=... after the name',
  yaml: '--- starts a YAML file; name the file .yml or .yaml',
}

const PATTERN_FAULTS: Readonly<Record<string, string>> = {
  brackets: 'its brackets do not match',
  dash: 'the first to the third host is written [0:2]; for a set of characters, add a glob: web[0-2]*',
  regex: 'it is not a regular expression that fleet can read',
  nothing: 'it matches no group and no host of the inventory',
  index: 'there are not so many hosts',
}

const FILE_KINDS: Readonly<Record<string, string>> = {
  plugin: 'the configuration of an inventory plugin',
  toml: 'a TOML inventory',
  script: 'an inventory script',
  vault: 'a vaulted inventory',
}

const PROBLEM: Readonly<Record<string, string>> = {
  vault: 'is vaulted, and fleet cannot open vaults yet; give it with -e, or in a file that is not vaulted',
  jinja: 'holds a Jinja expression, and fleet does not evaluate Jinja; write the value out',
}

/** What is wrong with the text of an inventory. */
const iniSentences = {
  'inventory-bad-section': (a: Args) =>
    `"${String(a.text)}" is not a section: expected [group], [group:children] or [group:vars], without spaces, and nothing but a # comment after it.`,
  'inventory-bad-section-kind': (a: Args) =>
    `[${String(a.group)}:${String(a.kind)}] is unknown: after the colon stands children, vars or hosts.${meant(a)}`,
  'inventory-bad-host-name': (a: Args) =>
    `"${String(a.text)}" is not a host: ${NAME_FAULTS[String(a.why)] ?? ''}.`,
  'inventory-bad-assignment': (a: Args) =>
    `"${String(a.text)}" is not name=value: there are no spaces around the =, and a value with spaces or brackets stands in quotes.`,
  'inventory-unbalanced': (a: Args) =>
    a.why === 'quote'
      ? `A quote is not closed in: ${String(a.text)}`
      : `The line ends in a backslash: ${String(a.text)}`,
  'inventory-bad-child': (a: Args) =>
    `"${String(a.text)}" is not the name of a group. Under [${String(a.group)}:children] stands one group a line, without ranges or variables.`,
  'inventory-bad-variable': (a: Args) =>
    `"${String(a.text)}" is not name = value, which is what stands under [${String(a.group)}:vars].`,
  'inventory-bad-priority': (a: Args) =>
    `ansible_group_priority of ${String(a.group)} must be a whole number, not "${String(a.text)}".`,
  'inventory-not-utf8': () => 'This line is not UTF-8.',
  'inventory-undeclared-child': (a: Args) =>
    `${list(a.parents)} has the child ${String(a.group)}, but there is no group [${String(a.group)}].${meant(a)}`,
  'inventory-variables-only': (a: Args) =>
    `[${String(a.group)}:vars] gives variables to a group that exists nowhere: add [${String(a.group)}].${meant(a)}`,
  'inventory-group-cycle': (a: Args) =>
    `${String(a.child)} cannot be a child of ${String(a.group)}: ${String(a.group)} is ${a.child === a.group ? 'the same group' : 'already below it'}.`,
  'inventory-host-is-group': (a: Args) =>
    `${String(a.host)} is the name of a host and of a group. Rename one: Ansible would give the host's variables to the group.`,
  'inventory-port-ignored': (a: Args) =>
    `Port ${String(a.port)} of ${String(a.host)} is not used: what counts is where the host is named first (${String(a.first)}). Write ansible_port=${String(a.port)} instead.`,
} satisfies Sentences

const yamlSentences = {
  'inventory-yaml-root': () => 'A YAML inventory is a mapping of groups, such as all: {hosts: {web1: }}.',
  'inventory-yaml-name': (a: Args) =>
    `${String(a.name)} is not text for YAML: put it in quotes to make it a name.`,
  'inventory-yaml-mapping': (a: Args) =>
    `${String(a.name)} must hold name: value lines${Array.isArray(a.expected) && a.expected.length > 0 ? ` under ${a.expected.join(', ')}` : ''}, or nothing.`,
  'inventory-yaml-section': (a: Args) =>
    `${String(a.name)} is unknown in the group ${String(a.group)}: there are hosts, vars and children.${meant(a)}`,
} satisfies Sentences

const fileSentences = {
  'file-unreadable': (a: Args) => `${String(a.file)} can't be read: ${String(a.cause)}.`,
  'inventory-missing': (a: Args) =>
    `There is no inventory ${String(a.file)}. A list of hosts needs a comma: -i '${String(a.file)},'.`,
  'inventory-empty-folder': (a: Args) =>
    `The folder ${String(a.file)} holds no inventory. As in Ansible, names that end in .ini, .cfg, .txt, .md, .bak or ~ are passed over in a folder; name the file itself.`,
  'inventory-not-yet': (a: Args) =>
    `${String(a.file)} is ${FILE_KINDS[String(a.kind)] ?? 'of a kind'}, which fleet cannot read yet: write it as INI or YAML, for instance with ansible-inventory --list --yaml.`,
  'inventory-shared-address': (a: Args) =>
    `${String(a.host)} and ${String(a.other)} are both ${String(a.endpoint)}: one host under two names would be changed twice.`,
  'vars-bad-yaml': (a: Args) => `This is not YAML: ${String(a.message)}`,
  'vars-duplicate-key': () => 'This name is there twice; only the last one would count.',
  'vars-several-documents': () => 'A file of variables holds one YAML document; a second one starts here.',
  'vars-not-a-mapping': () => 'A file of variables holds name: value lines, not a list or a text.',
  'vars-bad-key': () => 'A list or a mapping cannot be a name.',
  'vars-unknown-tag': (a: Args) =>
    `The tag ${String(a.tag)} is unknown: fleet reads !vault, !unsafe and the plain ones of YAML.`,
  'vars-wrong-tag': (a: Args) => `"${String(a.text)}" is not what ${String(a.tag)} says.`,
  'vars-sexagesimal': (a: Args) =>
    `YAML reads ${String(a.text)} as the number ${String(a.value)} (base 60). Put it in quotes if it is a text or a range of ports.`,
  'vars-vaulted-file': () =>
    'This file is vaulted as a whole, and fleet cannot open vaults yet, so it cannot know what it sets. Vault single values with !vault instead: they only matter where they are used.',
  'vars-priority-ignored': (a: Args) =>
    `ansible_group_priority has no effect in a file, as in Ansible: write it under [${String(a.group)}:vars].`,
  'vars-file-shadowed': (a: Args) => `${String(a.file)} is not read, because ${String(a.read)} comes first.`,
  'vars-file-unused': (a: Args) => `No group or host is called ${String(a.name)}.${meant(a)}`,
  'extra-vars-needs-at': (a: Args) => `To read variables from a file, write -e @${String(a.text)}.`,
  'extra-vars-no-file': (a: Args) => `-e @${String(a.text)} can't be read: ${String(a.cause)}.`,
  'extra-vars-bad-word': (a: Args) => `"${String(a.text)}" after -e is not name=value.`,
} satisfies Sentences

const variableSentences = {
  'fleet-variable-unknown': (a: Args) =>
    `${String(a.name)} is unknown.${meant(a)} fleet's own variables are ${list(a.known)}.`,
  'fleet-variable-not-a-list': (a: Args) =>
    `${String(a.name)} must be a list of ${String(a.expected)} (or one text with commas).`,
  'fleet-variable-no-address': (a: Args) =>
    `"${String(a.text)}" in ${String(a.name)} is not an address, a CIDR or a range a-b.`,
  'fleet-roles-conflict': (a: Args) =>
    `The groups ${String(a.group)} (${String(a.where)}) and ${String(a.other)} give ${String(a.host)} different fleet_roles. Say in host_vars/${String(a.host)}.yml which it has.`,
  'variable-opaque': (a: Args) =>
    `${String(a.name)} of ${String(a.host)} ${PROBLEM[String(a.kind)] ?? 'cannot be read'}.`,
  'variable-wrong-type': (a: Args) => `${String(a.name)} of ${String(a.host)} must be ${String(a.expected)}.`,
  'connection-not-yet': (a: Args) =>
    `${String(a.host)} has ${String(a.name)}=${String(a.text)}, which fleet cannot do yet; it can do ${String(a.allowed)}. Leave the host out with -l '!${String(a.host)}'.`,
  'bastion-not-yet': (a: Args) =>
    `${String(a.host)} is reached through a bastion (${String(a.text)}), which fleet cannot do yet. Leave it out with -l '!${String(a.host)}'.`,
  'connection-variable-mistyped': (a: Args) => `fleet doesn't know ${String(a.name)}.${meant(a)}`,
  'connection-variable-ignored': (a: Args) => `fleet does not read ${String(a.name)}.`,
  'ssh-argument-ignored': (a: Args) =>
    `fleet does not read "${String(a.text)}" in ${String(a.name)}: only -o UserKnownHostsFile and -o StrictHostKeyChecking.`,
  'ssh-config-ignored': (a: Args) =>
    `OpenSSH would use ${String(a.keyword)} ${String(a.value)} for ${list(a.hosts)}; fleet does not read it yet. Say it in the inventory.`,
  'ssh-config-unreadable': (a: Args) =>
    `This can't be read as a configuration of OpenSSH: ${String(a.cause)}.`,
  'ssh-config-include': (a: Args) =>
    `Include ${String(a.pattern)} is not followed; what it says of hosts is not checked.`,
} satisfies Sentences

const limitSentences = {
  'limit-term': (a: Args) =>
    `"${String(a.term)}" in -l can't be followed: ${PATTERN_FAULTS[String(a.why)] ?? ''}.${meant(a)}`,
  'limit-file': (a: Args) => `-l @${String(a.file)} can't be read: ${String(a.cause)}.`,
  'limit-empty': (a: Args) => `"${String(a.limit)}" in -l leaves no host.`,
} satisfies Sentences

export const inventorySentences = {
  ...iniSentences,
  ...yamlSentences,
  ...fileSentences,
  ...variableSentences,
  ...limitSentences,
} satisfies Sentences
