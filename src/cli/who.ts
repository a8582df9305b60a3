import { hostname, userInfo } from 'node:os'

/** Who does something, as hosts, journals and ledgers tell it. */
export const whoIsHere = (): string => `${userInfo().username}@${hostname()}`
