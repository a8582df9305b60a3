import type { Break } from '../break.ts'

/* What a host is refused for before anything changes, and what is whose. */

export const PLAN: readonly Break[] = [
  {
    name: 'does-not-check-that-it-can-come-in',
    file: 'plan/lockout.ts',
    from: "else if (syn.verdict !== 'accept') findings.push(refusal('lockout-in', args, syn))\n",
    to: '',
    red: ['faults/lockout.test.ts', 'are refused before anything changes, and say which rule it is'],
  },
  {
    name: 'does-not-check-that-answers-go-out',
    file: 'plan/lockout.ts',
    from: "findings.push(refusal('lockout-out', args, answer))",
    to: 'findings.push()',
    red: ['faults/lockout.test.ts', 'are refused before anything changes, and say which rule it is'],
  },
  {
    name: 'takes-another-namespace-for-its-own',
    file: 'host/head.sh',
    from: '|| { apart=net; return; }',
    to: '|| return 0',
    red: [
      'faults/long/namespaces.test.ts',
      'a host whose sshd is in another network namespace is refused, and both keep their rules',
    ],
  },
  {
    name: 'answers-with-an-older-code-in-a-trap-of-bash',
    file: 'host/guard.sh',
    from: 'log "$1 -> $2"; return 0; fi',
    to: 'log "$1 -> $2"; return; fi',
    red: ['host/program/apart.test.ts', 'is told from one that is there (bash)'],
  },
  {
    name: 'arms-in-another-namespace',
    file: 'host/arm.sh',
    from: '[ -z "$apart" ] || stop "$EXIT_REFUSED" apart "$apart"',
    to: 'true',
    red: ['host/program/apart.test.ts', 'is told from one that is there (dash)'],
  },
  {
    name: 'blocks-in-another-namespace',
    file: 'host/block/block.sh',
    from: '[ -z "$apart" ] || stop "$EXIT_REFUSED" apart "$apart"',
    to: 'true',
    red: [
      'host/program/apart.test.ts',
      'refuses to block: what takes a block back would be elsewhere as well',
    ],
  },
  {
    name: 'does-not-check-that-neighbours-are-found',
    file: 'plan/decide.ts',
    from: '...checkNeighbours(after[6], connection, sets)',
    to: '...checkNeighbours(after[6], connection, sets).slice(9)',
    red: ['faults/lockout.test.ts', 'are refused where fleet comes by IPv6: none comes or goes in'],
  },
  {
    name: 'ignores-the-other-backend',
    file: 'plan/refuse.ts',
    from: '    ...backends(seen),\n',
    to: '',
    red: ['faults/long/refused.test.ts', 'by rules of legacy beside nft'],
  },
  {
    name: 'ignores-rules-that-only-nft-can-say',
    file: 'plan/refuse.ts',
    from: '    ...natives(question),\n',
    to: '',
    red: [
      'faults/long/refused.test.ts',
      'rules of nft in the tables of iptables (bookworm) keep the host as it is',
    ],
  },
  {
    name: 'ignores-what-else-loads-rules-at-boot',
    file: 'plan/refuse.ts',
    from: '    ...managers(seen),\n',
    to: '',
    red: ['faults/long/refused.test.ts', 'a boot script that calls iptables keeps the host as it is'],
  },
  {
    name: 'ignores-scripts-that-a-boot-runs-a-step-away',
    file: 'host/managers.sh',
    from: 'find_program && set -- "$@" "$1" "$2" "$3" "$program"',
    to: 'true',
    red: ['faults/long/refused.test.ts', 'a boot script a step away keeps the host as it is'],
  },
  {
    name: 'takes-scripts-of-packages-for-managers',
    file: 'host/managers.sh',
    from: 'is_packaged "$script" || ',
    to: '',
    red: ['host/program/managers.test.ts', 'is told with the file that names it, and nothing else is'],
  },
  {
    name: 'ignores-another-manager',
    file: 'host/managers.sh',
    from: 'for unit in firewalld nftables ferm shorewall shorewall6 firehol arno-iptables-firewall; do',
    to: 'for unit in shorewall; do',
    red: ['faults/long/managers.test.ts', 'nftables keeps its host as it is, until it is switched off'],
  },
  {
    name: 'ignores-ufw',
    file: 'host/managers.sh',
    from: '&& echo manager=ufw',
    to: '&& true',
    red: ['faults/long/managers.test.ts', 'ufw keeps its host as it is, until it is switched off'],
  },
  {
    name: 'does-not-know-docker',
    file: 'plan/ownership.ts',
    from: "  'DOCKER*',\n",
    to: '',
    red: ['faults/foreign.test.ts', 'that come after an apply keep FORWARD for themselves'],
  },
  {
    name: 'does-not-know-fail2ban',
    file: 'plan/ownership.ts',
    from: "  'f2b-*',\n",
    to: '',
    red: ['faults/long/fail2ban.test.ts', 'bans and unbans within the window'],
  },
  {
    name: 'does-not-look-for-rules-that-a-host-loses',
    file: 'plan/compare.ts',
    from: 'if (lost) throw',
    to: 'if (lost && family === undefined) throw',
    red: ['faults/long/lying-hosts.test.ts', 'loads-less is taken for what it is'],
  },
]
