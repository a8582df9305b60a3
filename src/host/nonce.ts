import { randomUUID } from 'node:crypto'

/* Words that nobody guesses. A UUID comes out of a store of random bytes; each call for bytes of its own asks the system. */

const hex = () => randomUUID().replaceAll('-', '')

/** 32 hexadecimal digits: a transaction. */
export const newNonce = (): string => hex()

/** 16 of them: what the pieces of one answer are told apart by. */
export const newMarker = (): string => hex().slice(16)
