/** A command line that can't be read. */
export class UsageError extends Error {}
