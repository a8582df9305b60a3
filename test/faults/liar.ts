import type { Trial } from './trial.ts'

/*
 * How a host lies: its tools are others than they seem, or what runs commands for sshd is. A script that wants the
 * honest one calls `honest "$@"`.
 */

const TOOLS = '/usr/local/sbin'
const SHELL = '/usr/local/bin/liar'

/** What makes a host lie from now on. */
export type Lie = (trial: Trial, host: string) => Promise<unknown>

/** A tool of the host (`iptables-save`) is this script. Its honest self stands later in PATH. */
export function lieAs(tool: string, script: string): Lie {
  const text = `#!/bin/sh\nhonest() { /usr/sbin/${tool} "$@"; }\n${script}\n`
  return (trial, host) => put(trial, host, `${TOOLS}/${tool}`, text)
}

/**
 * The login shell of root is this script wherever a command says this word (a verb of fleet's program, or any);
 * `$2` is the command line.
 */
export function lieInShell(word: string, script: string): Lie {
  const text = ['#!/bin/sh', 'honest() { /bin/sh "$@"; }', `case "$2" in *"${word}"*)`, script, ';; esac']
  return async (trial, host) => {
    await put(trial, host, SHELL, [...text, 'exec /bin/sh "$@"', ''].join('\n'))
    await trial.must(host, `sed -i 's,^\\(root:.*:\\)[^:]*$,\\1${SHELL},' /etc/passwd`)
  }
}

/** The same for one verb; words of a command stand in quotes. */
export const lieAt = (verb: string, script: string): Lie => lieInShell(` '${verb}'`, script)

/** The same, but only the first time. */
export const lieOnceAt = (verb: string, script: string): Lie =>
  lieAt(verb, `if mkdir /run/lied 2>/dev/null; then\n${script}\nfi`)

/** Somebody else's server on sshd's port, which does this (Perl) without end for each connection `$c`. */
export function serveInstead(does: string): Lie {
  const listen = 'IO::Socket::INET->new(LocalPort => 22, Listen => 9, ReuseAddr => 1) or die'
  const serve = `my $s = ${listen}; while (my $c = $s->accept) { next if fork; for (;;) { ${does} } }`
  return async (trial, host) => {
    await trial.must(host, 'kill "$(cat /run/sshd.pid)"')
    await trial.must(host, `setsid perl -MIO::Socket::INET -e '${serve}' >/dev/null 2>&1 &`)
  }
}

/** The host says the truth again, so that a test can hear it. */
export const repent = (trial: Trial, host: string) =>
  trial.must(host, `rm -f ${TOOLS}/* ${SHELL}; sed -i 's,^\\(root:.*:\\)${SHELL}$,\\1/bin/sh,' /etc/passwd`)

const put = (trial: Trial, host: string, path: string, text: string) =>
  trial.must(host, `cat >${path} && chmod 755 ${path}`, text)
