/** Names of fleet.yml that will have a meaning. */
export const LATER: readonly string[] = ['feeds']
