import type { Connection } from '../../src/model/connection.ts'

/** How a host is reached, where nothing of that matters but its name and its address. */
export const connectionTo = (host: string, address = host): Connection => ({
  host,
  address,
  port: 22,
  user: 'root',
  become: false,
  hostKeyChecking: 'strict',
  knownHostsFiles: [],
  connectTimeout: 1000,
})
