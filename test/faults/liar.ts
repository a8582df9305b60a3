import type { Trial } from './trial.ts'

/*
 * How a host lies: its tools are others than they seem, or what runs commands for sshd is. A script that wants the
 * honest one calls `honest "$@"`.
 */

const TOOLS = '/usr/local/sbin'
const SHELL = '/usr/local/bin/liar'

/** A tool of the host (`iptables-save`) is this script from now on. Its honest self stands later in PATH. */
export const lieAs = (trial: Trial, host: string, tool: string, script: string) =>
  put(trial, host, `${TOOLS}/${tool}`, `#!/bin/sh\nhonest() { /usr/sbin/${tool} "$@"; }\n${script}\n`)

/**
 * The login shell of root is this script wherever a command says this word (a verb of fleet's program, or any);
 * `$2` is the command line.
 */
export async function lieInShell(trial: Trial, host: string, word: string, script: string): Promise<void> {
  const text = ['#!/bin/sh', 'honest() { /bin/sh "$@"; }', `case "$2" in *"${word}"*)`, script, ';; esac']
  await put(trial, host, SHELL, [...text, 'exec /bin/sh "$@"', ''].join('\n'))
  await trial.must(host, `sed -i 's,^\\(root:.*:\\)[^:]*$,\\1${SHELL},' /etc/passwd`)
}

/** The same for one verb; words of a command stand in quotes. */
export const lieAt = (trial: Trial, host: string, verb: string, script: string) =>
  lieInShell(trial, host, ` '${verb}'`, script)

/** The same, but only the first time. */
export const lieOnceAt = (trial: Trial, host: string, verb: string, script: string) =>
  lieAt(trial, host, verb, `if mkdir /run/lied 2>/dev/null; then\n${script}\nfi`)

/** Somebody else's server on sshd's port, which does this (Perl) without end for each connection `$c`. */
export async function serveInstead(trial: Trial, host: string, does: string): Promise<void> {
  const listen = 'IO::Socket::INET->new(LocalPort => 22, Listen => 9, ReuseAddr => 1) or die'
  const serve = `my $s = ${listen}; while (my $c = $s->accept) { next if fork; for (;;) { ${does} } }`
  await trial.must(host, 'kill "$(cat /run/sshd.pid)"')
  await trial.must(host, `setsid perl -MIO::Socket::INET -e '${serve}' >/dev/null 2>&1 &`)
}

/** The host says the truth again, so that a test can hear it. */
export const repent = (trial: Trial, host: string) =>
  trial.must(host, `rm -f ${TOOLS}/* ${SHELL}; sed -i 's,^\\(root:.*:\\)${SHELL}$,\\1/bin/sh,' /etc/passwd`)

const put = (trial: Trial, host: string, path: string, text: string) =>
  trial.must(host, `cat >${path} && chmod 755 ${path}`, text)
