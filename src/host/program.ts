import { createHash } from 'node:crypto'
import { readdirSync, readFileSync } from 'node:fs'

export interface Program {
  readonly text: string
  /** 16 hex digits of its sha256: it names the file on the host. */
  readonly hash: string
  /** Where it may lie, the first that takes it. */
  readonly places: readonly string[]
  /** What starts it: `$2` the hash, `$3` the marker of the answer's pieces, then the verb and its arguments. */
  readonly start: string
}

let made: Program | undefined
let madeForBlocks: Program | undefined
const DISK = '/var/lib/fleet'
const MEMORY = '/run/fleet'

/** The shell program that runs on a host: head first, main last, the rest are functions. Read once a run. */
export function hostProgram(): Program {
  made ??= assemble(partsOf('../host/'), [DISK], START_PROGRAM)
  return made
}

/**
 * The small one of emergency blocks: one of their own, because a shell reads all of a program before it begins. It lies
 * in memory, so that a full disk is no reason not to block, and what was whole once needn't be summed up each time.
 */
export function blockProgram(): Program {
  madeForBlocks ??= assemble(partsOf('../host/block/', LATE), [MEMORY, DISK], START_BLOCKS)
  return madeForBlocks
}

/** What both begin with. */
const SHARED = ['head.sh', 'unit.sh']

/** What a block needs none of stands behind `first.sh`, where a shell comes only if it reads on. */
const LATE = ['first.sh', 'boot.sh', 'feeds.sh', 'live.sh', 'removal.sh']

function partsOf(folder: string, late: readonly string[] = []): readonly URL[] {
  const place = new URL(folder, import.meta.url)
  const files = readdirSync(place).filter(name => name.endsWith('.sh'))
  const middle = files.filter(name => ![...SHARED, ...late, 'main.sh'].includes(name)).sort()
  return [
    ...SHARED.map(name => new URL(`../host/${name}`, import.meta.url)),
    ...[...middle, ...late, 'main.sh'].map(name => new URL(name, place)),
  ]
}

function assemble(parts: readonly URL[], places: readonly string[], start: string): Program {
  const text = parts.map(part => readFileSync(part, 'utf8')).join('\n')
  return { text, hash: createHash('sha256').update(text).digest('hex').slice(0, 16), places, start }
}

/** Its exit code is told in its answer as well: a login shell or a forced command may end with one of its own. */
const TELL_CODE = 'c=$?; echo "@@$FLEET_MARK code $c"; exit "$c"'

/** Takes what stands on the disk for the program only if it is what its name says. */
const FIND_ON_DISK = `p=${DISK}/host-$2.sh; case $(sha256sum "$p" 2>/dev/null) in "$2"*) ;; *) exit 20 ;; esac; `
const TAKE_MARK = 'FLEET_MARK=$3; export FLEET_MARK; s=$1; shift 3; '

/** 20: the program isn't here, or isn't what its name says. */
export const START_PROGRAM = `${FIND_ON_DISK}${TAKE_MARK}/bin/sh "$p" "$s" "$@"; ${TELL_CODE}`

/**
 * The same without three processes, which are a tenth of a block: memory keeps what was read back when it was stored, the
 * shell that is there reads the program, and tells the code of a block as it ends, unless that stood in the last packet of
 * its answer. Other verbs have traps of their own.
 */
const START_BLOCKS = `p=${MEMORY}/host-$2.sh; test -f "$p" || { ${FIND_ON_DISK}}; ${TAKE_MARK}FLEET_PROGRAM=$p; set -- "$s" "$@"; case $2 in block) FLEET_TOLD=none; trap 'c=$?; test "$FLEET_TOLD" = "$c" || echo "@@$FLEET_MARK code $c"; exit "$c"' EXIT; . "$p" ;; *) (. "$p") ;; esac; ${TELL_CODE}`

/** Before anything else of a first contact, and in the shell's own words: 23 and the tools that aren't there. */
const CHECK =
  'l=; for t in cat id mkdir mv rm sha256sum sync; do command -v $t >/dev/null || l="$l $t"; done; test -z "$l" || { echo $l; exit 23; }; '

/** The same for a program on standard input, which is read whole before it begins. 22: not root. */
export const PASS_PROGRAM = `${CHECK}test "$(id -u)" = 0 || exit 22; p=$(cat); FLEET_MARK=$3; export FLEET_MARK; s=$1; shift 3; set -- "$s" "$@"; (eval "$p"); ${TELL_CODE}`

/**
 * Stores the program from standard input in the folder `$3`; `$2` the hash. Read back and synced before it gets its name,
 * so that what has the name is whole. 15: no room, or a file system that can't be written. 22: whoever logs in isn't root
 * there; only a first contact has to ask.
 */
export const INSTALL_PROGRAM =
  CHECK +
  'test "$(id -u)" = 0 || exit 22; umask 077; d=$3; p=$d/host-$2.sh; case $(sha256sum "$p" 2>/dev/null) in "$2"*) exit 0 ;; esac; ' +
  't=$d/.host-$2.$$; mkdir -p $d && cat >"$t" && case $(sha256sum <"$t") in "$2"*) sync "$t" && mv -f "$t" "$p" && sync "$d" && exit 0 ;; esac; ' +
  'rm -f "$t"; exit 15'
