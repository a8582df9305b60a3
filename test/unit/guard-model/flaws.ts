const INSTALLS = 'a first change that installs'
const OVER = 'a change over one that is not on disk'

/**
 * Ways to get the protocol wrong: each is a line elsewhere in the model, under its name. With each, what the explorer
 * must find wrong first, and in which world.
 */
export const FLAWS = [
  // The guard.
  ['early apply', 'nothing applied before the arming session is gone', 'a later change'],
  ['do again', 'applied at most once', 'a later change'],
  ['deadline writes', 'never both confirmed and rolled back', 'a later change'],
  ['orphan ignored', 'rolled back and disarmed are the old rules, whole', 'a later change'],
  ['rollback unread', 'rolled back and disarmed are the old rules, whole', 'a later change'],
  ['apply unread', 'confirmed are the wanted rules, whole', 'a later change'],
  ['armed for ever', 'stands still', 'a later change'],
  ['not restarted', 'stands still', 'a later change'],
  ['arm takes back', 'new rules are undone, confirmed or booted', 'a change that locks out'],
  // Confirm and persist.
  ['confirm writes', 'confirmed are the wanted rules, whole', 'a later change'],
  ['persist first', 'nothing on disk that was not confirmed', 'a first change'],
  ['two renames', 'a boot loads one generation, both families of it', 'a later change'],
  ['links last', 'a boot loads one generation, both families of it', 'a first change'],
  ['sync once', 'persisted is on the disk, safe, and boots', 'a later change'],
  ['not masked', 'rules come into force by the guard or by a boot', INSTALLS],
  ['not disabled', 'nothing on disk that was not confirmed', INSTALLS],
  ['enabled first', 'a boot loads one generation, both families of it', INSTALLS],
  ['never enabled', 'persisted is on the disk, safe, and boots', INSTALLS],
  ['unit not synced', 'persisted is on the disk, safe, and boots', INSTALLS],
  ['plugins once', 'persisted is on the disk, safe, and boots', 'a first change'],
  ['aside dropped', 'what was confirmed can be stored until something else is confirmed', OVER],
  ['aside forgotten', 'ends badly', OVER],
  ['stored unasked', 'persisted is on the disk, safe, and boots', OVER],
  ['storing beside', 'persisted is on the disk, safe, and boots', OVER],
  // The controller.
  ['stale confirms', 'rules that lock out are never confirmed', 'a change that locks out'],
  ['lost is reverted', 'the verdict is true', 'a later change'],
  ['persisted unread', 'the verdict is true', 'a later change'],
  ['lock believed', 'the verdict is true', 'a later change'],
  ['booted is lost', 'the verdict is true', 'a later change'],
  ['disk believed', 'the verdict is true', 'a later change'],
  ['unit believed', 'the verdict is true', 'a later change'],
  ['busy is burnt', 'the verdict is true', 'a later change'],
  ['dead left alone', 'the verdict is true', 'a later change'],
  ['burnt beside', 'the verdict is true', 'a later change'],
  ['burn unheard', 'the verdict is true', 'a later change'],
  ['not burnt', 'the verdict is true', 'a later change'],
  ['tries for ever', 'goes round', 'a later change'],
] as const

export type Flaw = (typeof FLAWS)[number][0]
