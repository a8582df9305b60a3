import { containsCidr, mergeCidr, overlapCidr } from 'cidr-tools'
import { parseNetworks } from './network.ts'

/** cidr-tools reads nonsense such as `10.0.0.0/64` without a word: everything passes the parser first. */
const checked = (networks: readonly string[]) => networks.flatMap(network => parseNetworks(network).cidrs)

/**
 * The fewest CIDRs that cover exactly the given addresses, CIDRs and ranges: IPv4 first, each family ascending.
 * Throws `address-invalid`.
 */
export function aggregate(networks: readonly string[]): string[] {
  return mergeCidr(checked(networks))
}

/** Whether every address of `inner` lies in `outer`; never across families. Throws `address-invalid`. */
export function contains(outer: string, inner: string): boolean {
  return containsCidr(checked([outer]), checked([inner]))
}

/** Whether any address lies in both. Throws `address-invalid`. */
export function overlaps(a: string, b: string): boolean {
  return overlapCidr(checked([a]), checked([b]))
}
