import type { Args } from '../../model/finding.ts'
import type { Sentences } from './sentence.ts'

const writtenAt = (a: Args) => (a.from === undefined ? '' : ` (${String(a.from)})`)

const meant = (a: Args) => (a.nearest ? ` Did you mean ${String(a.nearest)}?` : '')

const listed = (value: Args[string] | undefined) =>
  Array.isArray(value) && value.length > 0 ? value.slice(0, 12).join(', ') : 'none'

const ipv = (family: Args[string] | undefined) => `IPv${String(family)}`

const PATHS: Readonly<Record<string, string>> = {
  parent:
    'A template can use a declared variable anywhere by its bare name; ../ is not needed and not known.',
  data: 'Of the @ names only @index and @key are known.',
  this: 'Inside of {{#each}} write {{this}}, or name the element: {{#each blocked as |address|}}.',
  outside: 'It has a meaning inside of {{#each}} only.',
}

/** By what the engine met. What it would have liked instead nobody knows by the names that it has for it. */
const MET: Readonly<Record<string, string>> = {
  EOF: 'it ends before something that was opened: a {{#NAME}} wants its {{/NAME}}, a {{ its }}.',
  INVERSE: 'an {{else}} stands here, and no {{#NAME}} is open.',
  OPEN_ENDBLOCK: 'a {{/NAME}} stands here, and no {{#NAME}} is open.',
  other: 'here or just before, in {{ }}, a quote, a brace or a value is missing, or one is too many.',
}

const frontMatter = {
  'front-matter-open': () =>
    'The front matter starts with --- and never ends. Close it with a line of its own: ---',
  'front-matter-late': () =>
    'The front matter begins with --- in the first line of the file, and here is some without that.',
  'front-matter-yaml': a => `The front matter isn't readable as YAML: ${String(a.message)}`,
  'front-matter-shape': a => `${String(a.key)}: expected ${String(a.expected)}.`,
  'front-matter-key': a =>
    `The front matter has no key "${String(a.key)}".${meant(a)} Known: ${listed(a.allowed)}.`,
  'front-matter-value': a =>
    `${String(a.key)} is "${String(a.got)}", and must be one of ${listed(a.allowed)}.${meant(a)}`,
  'front-matter-name': a =>
    `"${String(a.name)}" can't be the name of a variable: use letters, digits and _, and none of the engine's own words.`,
  'front-matter-default': a =>
    `The default of ${String(a.name)} (${String(a.type)}) is ${String(a.got)}; expected ${String(a.expected)}.`,
} satisfies Sentences

const templates = {
  'template-syntax': a =>
    `The template can't be parsed: ${typeof a.met === 'string' ? (MET[a.met] ?? MET.other) : String(a.message)}`,
  'template-control-character': () =>
    'There is a control character in this line. Templates are plain text; retype the line.',
  'template-undeclared': a =>
    `The template uses ${String(a.name)}, which it doesn't declare.${meant(a)} Declare it in the front matter (vars:), or use one of: ${listed(a.known)}.`,
  'template-unknown-helper': a =>
    `There is no helper ${String(a.name)}.${meant(a)} Known here: ${listed(a.known)}.`,
  'template-unknown-argument': a =>
    `${String(a.helper)} takes no ${String(a.name)}=.${meant(a)} It takes: ${listed(a.known)}.`,
  'template-argument-twice': a => `${String(a.helper)} has ${String(a.name)}= twice; keep one of them.`,
  'template-arguments': a => `${String(a.helper)} takes ${String(a.expected)}.`,
  'template-path': a => `${String(a.name)} can't stand here. ${PATHS[String(a.problem)] ?? ''}`,
  'template-undefined': () =>
    '"undefined" can\'t be a value: an argument that is left out means something else than an empty one. Name a declared variable, or leave the argument out.',
  'template-statement': () =>
    'This kind of statement is not known here. A template may have values, accept, drop, reject, log, if, unless, each, v4, v6 and {{> partial}}.',
  'template-partial-name': () => 'A partial is called by its plain name: {{> name key=value}}.',
  'template-partial-context': a =>
    `A partial gets its values by name: {{> ${String(a.name)} key=value}}, and nothing else.`,
  'template-partial-missing': a => `There is no template ${String(a.name)}.hbs for this partial.`,
  'template-partial-cycle': a => `The partial ${String(a.name)} calls itself, by itself or through others.`,
  'template-partial-value': a =>
    `The partial ${String(a.name)} needs ${String(a.variable)}; give it: {{> ${String(a.name)} ${String(a.variable)}=...}}.`,
  'services-bad': a => `services.yml: ${a.name ? `${String(a.name)}: ` : ''}${String(a.problem)}.`,
  'service-unknown': a =>
    `There is no service "${String(a.name)}".${meant(a)} Add it to a services.yml beside your templates, or give its ports with tcp= or udp=.`,
  'helper-argument': a =>
    `${String(a.helper)}: ${String(a.argument)} is ${String(a.got)}; expected ${String(a.expected)}.`,
  'each-not-list': a =>
    a.got === 'anywhere'
      ? '{{#each}} goes through a list, and this is "anywhere", which has no addresses. Use accept, drop, reject or log with from= or to=, which know it.'
      : `{{#each}} goes through a list, and this is ${String(a.got)}.`,
  'value-sources': a =>
    `${String(a.variable)} is a list of sources, which no single word can stand for. Use accept, drop, reject or log with from=${String(a.variable)}, or {{#each ${String(a.variable)}}}.`,
  'value-unsafe': a =>
    a.quoted
      ? `${String(a.variable)} is ${String(a.value)}${writtenAt(a)}. Between quotes a value may have letters, digits, spaces and . _ : / @ = + , - only.`
      : `${String(a.variable)} is ${String(a.value)}${writtenAt(a)}. Outside of quotes a value is one word of letters, digits and . _ : / , @ % + = - that doesn't start with -.`,
} satisfies Sentences

const variables = {
  'variable-required': a =>
    `The role ${String(a.role)} needs ${String(a.variable)} (${String(a.type)}), and ${String(a.host)} has none. Set it in group_vars/ or host_vars/.`,
  'variable-type': a =>
    `${String(a.variable)} is ${String(a.got)}; expected ${String(a.expected)}. It is used in ${String(a.usedAt)}.`,
  'near-miss-variable': a =>
    `No role of this host knows ${String(a.variable)}. Did you mean ${String(a.nearest)} of the role ${String(a.role)}?`,
  'source-shape': a =>
    `${String(a.got)} is no source. Expected anywhere, an address, a CIDR, a range a-b, group:NAME, host:NAME, or a list of them.`,
  'source-anywhere-in-list': () =>
    '"anywhere" stands alone: a list with it in would be as wide as the world. Write the word instead of the list, or take it out.',
  'source-not-yet': a =>
    `${String(a.text)}: sources of the kind ${String(a.kind)}: are not read yet. Write the addresses, or group:NAME, host:NAME or feed:NAME.`,
  'source-feed-untaken': a =>
    `${String(a.word)}: no list of this feed is in force on this machine, so nobody knows who that is. Fetch it, or see what is wrong with it: fleet blocks --refresh`,
  'source-unknown': a => `The inventory has no ${String(a.kind)} "${String(a.name)}".${meant(a)}`,
  'source-member-without-address': a =>
    `${String(a.reference)} takes in ${String(a.host)}, ${a.text === null ? 'whose address nobody says' : `whose ansible_host is "${String(a.text)}", and no address`}. Set ansible_host to an address, or fleet_addresses.`,
  'sources-nobody': a =>
    `${String(a.what)} is empty: nobody. ${String(a.helper)} makes no rule for it (role ${String(a.role)}).`,
  'sources-no-family': a =>
    `${String(a.what)} has no ${ipv(a.family)} address: ${String(a.helper)} makes no ${ipv(a.family)} rule for it (role ${String(a.role)}).`,
  'ports-none': a =>
    `${String(a.argument)}= is an empty list of ports: ${String(a.helper)} makes no rule for it.`,
} satisfies Sentences

const resolution = {
  'role-unknown': a =>
    `There is no role ${String(a.name)} (from ${String(a.from)}).${meant(a)} A role is a template ${String(a.name)}.hbs; there are: ${listed(a.known)}.`,
  'role-missed': a =>
    `${String(a.name)} is the role of no host, and the group ${String(a.group)} has none. A group stands for the role of its own name: rename one of them, or say it in fleet.yml: roles: {${String(a.group)}: [${String(a.name)}]}.`,
  'role-mapping-reserved': a =>
    `roles: can't map ${String(a.group)}, which never stands for roles. Put the hosts in a group of their own, and map that.`,
  'role-not-by-group': a =>
    `A group is called ${String(a.group)}, and so is a role, which is not taken by name alone. If that is meant, say so in fleet.yml: roles: {${String(a.group)}: [${String(a.group)}]}.`,
  'fleet-roles-empty': a =>
    `fleet_roles of ${String(a.host)} is empty, which would leave it without any rule. List its roles, base and final too, or take the variable out.`,
} satisfies Sentences

const rules = {
  'rule-line': a =>
    `"${String(a.text)}" is no line of a role. Expected *table, :CHAIN POLICY, -A CHAIN ..., COMMIT, or a # comment.`,
  'rule-outside-table': a =>
    `"${String(a.text)}" stands outside of a table. Put it between *filter and COMMIT.`,
  'rule-no-commit': a => `The table ${String(a.table)} is never closed. End it with COMMIT.`,
  'rule-table-unknown': a =>
    `There is no table ${String(a.table)}.${meant(a)} There are: ${listed(a.known)}.`,
  'rule-quote': a => `A quote is opened and never closed: ${String(a.text)}`,
  'rule-glued': a =>
    `"${String(a.text)}" has its option and its value in one word. Put a space between them: ${String(a.text).slice(0, 2)} ${String(a.text).slice(2)}`,
  'rule-range': a =>
    `-s and -d take no range (${String(a.text)}). Write -m iprange --src-range ${String(a.text)}, or use a helper with from=.`,
  'rule-host-name': a =>
    `"${String(a.text)}" is no address. A host name in a rule would be looked up by each host, once; write the address.`,
  'rule-negated-list': a =>
    `"! ${String(a.text)}": iptables can't negate several addresses. Use a rule with RETURN for each, in a chain of its own.`,
  'rule-wrong-family': a =>
    `${String(a.text)} is no ${ipv(a.family)}, and this line is rendered for ${ipv(a.family)} too. Put it in {{#v${a.family === 4 ? '6' : '4'}}} ... {{/v${a.family === 4 ? '6' : '4'}}}.`,
  'rule-too-long': a =>
    `${String(a.option)} has ${String(a.length)} characters; iptables takes ${String(a.most)}.`,
  'rule-too-many-ports': a =>
    `${String(a.ports)} ports in one rule, a range counting as two; iptables takes ${String(a.most)}. Make two rules, or use a helper with tcp= or udp=.`,
  'policy-conflict': a =>
    `The role ${String(a.role)} wants ${String(a.policy)} for ${String(a.chain)} (table ${String(a.table)}), and the role ${String(a.other)} ${String(a.otherPolicy)} (${String(a.otherAt)}). A chain has one policy.`,
  'chain-needs-policy': a =>
    `${String(a.chain)} is a built-in chain of ${String(a.table)}: its policy is ACCEPT or DROP, not "-".`,
  'chain-without-policy': a =>
    `${String(a.chain)} is no built-in chain of ${String(a.table)}: only those have a policy. Write :${String(a.chain)} -`,
  'chain-undeclared': a =>
    `The table ${String(a.table)} has no chain ${String(a.chain)}.${meant(a)} Declare a chain of your own with: :${String(a.chain)} -`,
} satisfies Sentences

export const roleSentences = {
  ...frontMatter,
  ...templates,
  ...variables,
  ...resolution,
  ...rules,
} satisfies Sentences
