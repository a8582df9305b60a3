export type Family = 4 | 6
export const FAMILIES: readonly Family[] = [4, 6]

/** One of something for each family. */
export type PerFamily<T> = Readonly<Record<Family, T>>
