/** Which iptables a node can use: kernels differ in what nf_tables can do, and some have the older tables alone. */
import path from 'node:path';
import { run } from './commands.ts';

/** Folders of tools for a node's PATH, the first one first. `packages` is the unpacked set. */
export async function packetFilterFolders(packages: string): Promise<string[]> {
  const own = path.join(packages, 'bin');
  // A chain in a network of its own: that is gone with the process, and so is what it made.
  const tried = await run(['unshare', '--net', path.join(own, 'iptables'), '-w', '-t', 'nat', '-N', 'PROBE']);
  return tried.status === 0 ? [own] : [path.join(packages, 'legacy'), own];
}
