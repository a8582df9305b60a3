import type { LabHost } from '../../src/lab/host.ts'

/*
 * What a power loss may leave of the disk, at every step of what fleet's program does to it: all of it; all names,
 * and no content that wasn't synced; or nothing that wasn't synced, names included.
 */

const FOLDERS = ['/etc/iptables', '/usr/share/netfilter-persistent/plugins.d']
const TOOLS = ['mv', 'ln', 'rm', 'cp', 'mkdir', 'chmod', 'sync']

/** Keeps what is there before a call, as a moment. The numbers that a tmpfs gives its files are never used twice. */
const KEEP = `
moment=/record/moments/$(printf %03d $(/usr/bin/ls /record/moments | /usr/bin/wc -l))
/usr/bin/mkdir -p $moment/tree
/usr/bin/ls /run/fleet/txn/*/state >$moment/state 2>/dev/null
echo "$*" >$moment/call
for folder in ${FOLDERS.join(' ')}; do
  /usr/bin/mkdir -p $moment/tree\${folder%/*}
  /usr/bin/cp -a $folder $moment/tree$folder
  /usr/bin/find $folder -type f -printf '%D-%i %p\\n' >>$moment/inodes
done
/usr/bin/cp -al /record/safe $moment/safe
`

/** Notes what is safe on the disk now: a file's content, or a folder's names. */
const NOTE = `
for path; do
  path=$(/usr/bin/realpath "$path") inode=$(/usr/bin/stat -c %d-%i "$path")
  if [ -d "$path" ]; then
    /usr/bin/find "$path" -mindepth 1 -maxdepth 1 -printf '%D-%i %y %m %f %l\\n' >/record/new
  else
    /usr/bin/cp -p "$path" /record/new
  fi
  /usr/bin/mv /record/new /record/safe/$inode
done
`

const WRAPPER = `#!/bin/dash
exec 6<>/record/lock; /usr/bin/flock 6
tool=\${0##*/}
/bin/dash /record/keep $tool "$@" 6>&-
[ $tool = sync ] || { /usr/bin/$tool "$@" 6>&-; exit $?; }
code=0
for path; do
  # Also between one folder and the next.
  [ ! -d "$path" ] || /bin/dash /record/keep sync "$path" 6>&-
  /usr/bin/sync "$path" 6>&- || code=1
  /bin/dash /record/note "$path" 6>&-
done
exit $code
`

/** From now on every call that changes the disk is recorded; what is there already counts as safe. */
export async function record(host: LabHost): Promise<void> {
  const mounts = FOLDERS.map(
    folder =>
      `cp -a ${folder} /kept; mount -t tmpfs -o mode=755 tmpfs ${folder}; cp -a /kept/. ${folder}; rm -r /kept`,
  )
  await must(
    host,
    `set -e; rm -rf /run/fleet/txn/*; mkdir -p /record/moments /record/safe; ${mounts.join('; ')}`,
  )
  await must(host, 'cat >/record/keep', KEEP)
  await must(host, 'cat >/record/note; : >/record/lock', NOTE)
  await must(host, `find ${FOLDERS.join(' ')} ! -type l -exec /bin/dash /record/note {} +`)
  await must(
    host,
    `cat >/record/tool; for tool in ${TOOLS.join(' ')}; do /usr/bin/install -m 755 /record/tool /usr/local/sbin/$tool; done`,
    WRAPPER,
  )
}

export interface Left {
  readonly call: string
  /** The guard's state at that time; '' before there was one. */
  readonly state: string
  /** In words: what was lost. */
  readonly how: string
  /** The rules that a boot would load from it. */
  readonly boots: string
}

/** Makes of each moment what may be left of it, and boots that in namespaces of its own. */
const BOOT_ALL = `
rebuild() { ( # INODE TARGET
  mkdir -p "$2"
  [ -e $safe/$1 ] || exit 0
  while read -r inode type mode name link; do
    case $type in
      d) rebuild $inode "$2/$name" ;;
      l) ln -s "$link" "$2/$name" ;;
      *) content $inode "$2/$name" $mode ;;
    esac
  done <$safe/$1
) }
content() { # INODE TARGET MODE
  rm -f "$2"
  if [ -f $safe/$1 ]; then cp -p $safe/$1 "$2"; else : >"$2"; chmod $3 "$2"; fi
}
sum() { (cd $1 && find . -printf '%y %m %p %l\\n' | sort && find . -type f | sort | xargs -r sha256sum) | sha256sum; }
boot() { # TREE
  seen=/record/booted/$(sum $1 | cut -c 1-64)
  [ -e $seen ] || TREE=$1 XTABLES_LOCKFILE=/run/xtables.trial unshare --mount --net sh -c '
    for folder in ${FOLDERS.join(' ')}; do mount --bind $TREE$folder $folder; done
    run-parts --arg=start ${FOLDERS[1]} >/dev/null 2>&1
    iptables-save; ip6tables-save' >$seen
  cat $seen
}
mkdir -p /record/booted
for moment in /record/moments/*; do
  safe=$moment/safe
  cp -a $moment/tree $moment/torn
  while read -r inode path; do content $inode $moment/torn$path 644; done <$moment/inodes
  for folder in ${FOLDERS.join(' ')}; do rebuild $(stat -c %d-%i $folder) $moment/lost$folder; done
  for way in 'tree:all is left' 'torn:unsynced content is lost' 'lost:all unsynced is lost'; do
    printf '@@%s|%s|%s\\n' "$(cat $moment/call)" "$(cat $moment/state)" "\${way#*:}"
    boot $moment/\${way%%:*}
  done
done
`

/** What each recorded moment, and the end, might leave after a power loss. */
export async function whatIsLeft(host: LabHost): Promise<readonly Left[]> {
  await must(host, `cd /usr/local/sbin && /usr/bin/rm -f ${TOOLS.join(' ')}; /bin/dash /record/keep the end`)
  const said = await must(host, BOOT_ALL)
  return said
    .split('@@')
    .slice(1)
    .map((part): Left => {
      const end = part.indexOf('\n')
      const [call = '', state = '', how = ''] = part.slice(0, end).split('|')
      const boots = part
        .slice(end + 1)
        .replaceAll(/^#.*\n/gm, '')
        .replaceAll(/ \[\d+:\d+\]$/gm, '')
      return { call, state, how, boots }
    })
}

async function must(host: LabHost, script: string, stdin?: string): Promise<string> {
  const { code, stdout, stderr } = await host.exec(script, stdin)
  if (code !== 0) throw new Error(`${host.name}: ${code} ${stderr}`)
  return stdout
}
