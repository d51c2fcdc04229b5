/** What the benchmark sets and reads in the sandbox's own namespaces: congestion control, memory, whose processes are whose. */
import type { Sandbox, SpaceName } from '../../sandbox/sandbox.ts';
import { agentProcesses } from '../cluster/agent-processes.ts';
import { laptopProcessIds } from '../cluster/laptop-processes.ts';
import { vitalsOf } from '../cluster/process-vitals.ts';
import type { Product } from '../cluster/product.ts';
import { allTimes, withDescendants } from './processor.ts';

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

/** Ids of our processes, and of all that have a part in a transfer. */
export interface Groups {
  readonly core: readonly number[];
  readonly engine: readonly number[];
  readonly helper: readonly number[];
  readonly agent: readonly number[];
  /** The cluster's programs and pods, the laptop's programs, and children of this process; not this process itself. */
  readonly all: readonly number[];
}

/** `agents`: from `agentsOf`, which asks the API server and so is not for the middle of a measurement. */
export function groupsOf(sandbox: Sandbox, product: Product, agents: readonly number[]): Groups {
  const holders = spaces.flatMap((name) => sandbox.space(name).pid ?? []);
  const all = withDescendants(allTimes(), [...holders, sandbox.space('lan').pid ?? 0, process.pid]);
  for (const id of laptopProcessIds(sandbox.laptop('plain').pid)) {
    all.add(id);
  }
  all.delete(process.pid);
  all.delete(0);
  const [core, engine, helper] = (['core', 'engine', 'helper'] as const).map((kind) => product.processIds(kind));
  return { core: core ?? [], engine: engine ?? [], helper: helper ?? [], agent: agents, all: [...all] };
}

/** Resident memory in MiB of each kind of our processes (VmRSS, proc(5)), and of the two that a laptop always has. */
export function residentMemory(groups: Groups): Record<string, number> {
  const sizes = { engine: 0, helper: 0, agent: 0, core: 0 };
  for (const kind of ['engine', 'helper', 'agent', 'core'] as const) {
    sizes[kind] = Math.max(0, ...groups[kind].map(residentOf));
  }
  return { ...sizes, 'engine and helper': sizes.engine + sizes.helper };
}

/** MiB; 0 for a process that ended meanwhile, such as the shell that looked for the others. */
function residentOf(id: number): number {
  try {
    return vitalsOf(id).resident;
  } catch {
    return 0;
  }
}

/** Processes of the agents that Slipway has in this cluster. */
export async function agentsOf(sandbox: Sandbox): Promise<number[]> {
  const selector = 'app.kubernetes.io/managed-by=slipway';
  const text = await sandbox
    .cluster()
    .kubectl(['get', 'pods', '-A', '-l', selector, '-o', 'jsonpath={.items[*].metadata.uid}']);
  return agentProcesses(text.split(' ').filter((uid) => uid !== ''));
}
