/** Which iptables a node can use: kernels differ in what nf_tables can do, and some have the older tables alone. */
import path from 'node:path';
import { run } from './commands.ts';
import { packetFilters } from './debian-packages.ts';

/** The folder of a node's tree with the iptables for its PATH. `packages` is the unpacked set. */
export async function packetFilterFolder(packages: string): Promise<string> {
  const [unshare, iptables] = ['unshare', 'iptables'].map((tool) => path.join(packages, 'bin', tool));
  // A chain in a network of its own: that is gone with the process, and so is what it made.
  const tried = await run([`${unshare}`, '--net', `${iptables}`, '-w', '-t', 'nat', '-N', 'PROBE']);
  return tried.status === 0 ? packetFilters.nft : packetFilters.legacy;
}
