/** What the benchmark sets and reads in the sandbox's own namespaces: congestion control, memory, the agent's process. */
import { readFileSync } from 'node:fs';
import type { Sandbox, SpaceName } from '../../sandbox/sandbox.ts';
import { agentProcesses } from '../cluster/agent-processes.ts';
import type { Product } from '../cluster/product.ts';

const spaces: readonly SpaceName[] = ['laptop-plain', 'control-plane', 'node1'];

/**
 * Pins cubic for what is opened from now on over the LAN by laptop, API server and node. A machine whose default is
 * another one would else decide the figures behind the slow link. A route's congctl takes it (ip-route(8)) where the
 * namespace's own setting does not: cubic need not be among the machine's allowed ones (tcp(7)).
 */
export async function pinCongestionControl(sandbox: Sandbox): Promise<void> {
  for (const name of spaces) {
    // No shell: a node's is busybox's, which calls its own ip, and that knows no congctl.
    const ip = async (...rest: string[]) => {
      const { status, stdout, stderr } = await sandbox.space(name).run(['ip', '-4', 'route', ...rest]);
      if (status !== 0) {
        throw new Error(`cubic could not be pinned in ${name}: ${stderr}`);
      }
      return stdout;
    };
    const [shown = ''] = (await ip('show', sandbox.settings.lan)).split('\n');
    await ip(
      'replace',
      ...shown
        .replace(/ congctl \w+/, '')
        .trim()
        .split(/\s+/),
      'congctl',
      'cubic',
    );
  }
}

/** Resident memory in MiB of each of our processes (VmRSS, proc(5)). */
export async function residentMemory(sandbox: Sandbox, product: Product): Promise<Record<string, number>> {
  const found: Record<string, number> = {};
  for (const kind of ['core', 'engine', 'helper'] as const) {
    const ids = await product.processIds(kind);
    found[kind] = Math.max(...ids.map(residentOf));
  }
  found.agent = Math.max(...(await agentsOf(sandbox)).map(residentOf));
  return found;
}

/** MiB; 0 for a process that ended meanwhile, such as the shell that looked for the others. */
function residentOf(id: number): number {
  try {
    const match = /^VmRSS:\s+(\d+) kB/m.exec(readFileSync(`/proc/${id}/status`, 'utf8'));
    return Number(match?.[1] ?? 0) / 1024;
  } catch {
    return 0;
  }
}

async function agentsOf(sandbox: Sandbox): Promise<number[]> {
  const selector = 'app.kubernetes.io/managed-by=slipway';
  const text = await sandbox
    .cluster()
    .kubectl(['get', 'pods', '-A', '-l', selector, '-o', 'jsonpath={.items[*].metadata.uid}']);
  return agentProcesses(text.split(' ').filter((uid) => uid !== ''));
}
