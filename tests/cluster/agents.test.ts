/**
 * What a cluster does to pods: the agent's process killed, the pod evicted, its node drained, its node lost. The
 * connection comes back with another agent as soon as a pod can be ready, and connections that were open are reset.
 */
import { readdirSync, readFileSync } from 'node:fs';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { packetFilters } from '../../sandbox/debian-packages.ts';
import { FaultRecord, isSoak } from '../soak/record.ts';
import { HeldConnection } from './held-connection.ts';
import { eventually, must, run } from './programs.ts';
import { connected } from './refusals.ts';
import { leaveScene, type Scene, setScene, workload } from './scene.ts';

/** Rounds of the soak take as long as they take. */
const longest = 6 * 60 * 60 * 1000;
/** Of a busy machine; a lost node is another one until the cluster says so (node-monitor-grace-period). Milliseconds. */
const deadline = 120_000;

interface Agent {
  readonly name: string;
  readonly uid: string;
  readonly node: string;
}

type Loss = 'killed' | 'evicted' | 'drained' | 'node lost';

describe('an agent that is lost', () => {
  let scene: Scene;
  beforeAll(async () => {
    scene = await setScene('plain', 'agents', { SLIPWAY_AGENT_IDLE_SECONDS: '30' });
    await scene.product.connect('sandbox', '--namespace', workload.http.namespace, '--base-image', workload.baseImage);
  });
  afterAll(async () => {
    await leaveScene(scene);
  });

  const answers = async () =>
    (await run(scene.laptop, ['curl', '-sS', '-m', '2', `http://${workload.http.fullName}/`])).code === 0;

  /** The one in use, as the product says: a pod that is on its way out may still run. */
  const agent = async () => podNamed(scene, (await connected(scene.product)).agent.pod);

  /** `mends` is told how it is undone before it is done, as it may fail half way. */
  async function lose(
    loss: Loss,
    { name, uid, node }: Agent,
    mends: (mend: () => Promise<void>) => void,
  ): Promise<void> {
    const { cluster, sandbox } = scene;
    const { namespace } = workload.http;
    switch (loss) {
      case 'killed':
        for (const id of processesOfPod(uid)) {
          process.kill(id, 'SIGKILL');
        }
        return;
      case 'evicted':
        await cluster.kubectl(
          ['create', '--raw', `/api/v1/namespaces/${namespace}/pods/${name}/eviction`, '-f', '-'],
          JSON.stringify({ apiVersion: 'policy/v1', kind: 'Eviction', metadata: { name, namespace } }),
        );
        return;
      case 'drained':
        mends(async () => {
          await cluster.kubectl(['uncordon', node]);
        });
        await cluster.kubectl([
          ...['drain', node, '--ignore-daemonsets', '--delete-emptydir-data', '--force', '--timeout=50s'],
          '--pod-selector=app.kubernetes.io/managed-by=slipway',
        ]);
        return;
      case 'node lost': {
        const space = sandbox.space(node as `node${number}`);
        const script = (change: string) =>
          `iptables -w ${change} INPUT -i eth0 -j DROP; iptables -w ${change} OUTPUT -o eth0 -j DROP`;
        const environment = { PATH: `${packetFilters.nft}:/usr/sbin:/usr/bin` };
        const place = { enter: space.enter(['net', 'mount']), environment };
        mends(async () => {
          await must(place, ['sh', '-c', script('-D')]);
          await cluster.kubectl(['wait', '--for=condition=Ready', 'node', node, '--timeout=50s']);
        });
        await must(place, ['sh', '-c', script('-I')]);
      }
    }
  }

  async function isLost(loss: Loss, record: FaultRecord): Promise<void> {
    const target = `${workload.echo.name}:${workload.echo.port}`;
    const talking = new HeldConnection(scene.laptop, target, '300ms');
    const idle = new HeldConnection(scene.laptop, target, '0s');
    let mend = async () => {};
    try {
      expect(await eventually(async () => talking.echoes > 1 && idle.isOpen, 20_000), 'it is open').toBe(true);
      const before = await agent();
      await lose(loss, before, (how) => {
        mend = how;
      });
      const patience = loss === 'node lost' ? 2 * deadline : deadline;
      expect(await eventually(async () => talking.isBroken, patience), `${loss}: it hangs`).toBe(true);
      // Whoever is evicted serves on for a moment: from the break on only another one can answer.
      const isBack = eventually(answers, patience, 200).then((back) => ({ back, at: Date.now() }));
      expect(await eventually(async () => idle.output.includes('broken reset'), 20_000), idle.output).toBe(true);
      const { back, at } = await isBack;
      expect(back, `${loss}: the cluster answers again`).toBe(true);
      expect(await scene.product.reaches('connected', deadline)).toBe(true);
      const after = await agent();
      expect(after.name, 'another one').not.toBe(before.name);
      // The pod's own clock has seconds.
      record.saw(
        `${loss}: back after the pod was ready, s`,
        Math.max(0, (at - (await readyAt(scene, after.name))) / 1000),
      );
    } finally {
      talking.end();
      idle.end();
      await mend();
    }
  }

  // What hurts others, or waits for the cluster to notice, is for the soak, where nobody else is there.
  const losses: readonly Loss[] = isSoak ? ['killed', 'evicted', 'drained', 'node lost'] : ['killed', 'evicted'];
  it(
    `resets what was open and is replaced: ${losses.join(', ')}`,
    async () => {
      const record = new FaultRecord('agents');
      await record.eachRound(async () => {
        for (const loss of losses) {
          await isLost(loss, record);
        }
      });
    },
    longest,
  );
});

async function podNamed(scene: Scene, name: string): Promise<Agent> {
  const { metadata, spec } = JSON.parse(
    await scene.cluster.kubectl(['get', 'pod', '-n', workload.http.namespace, name, '-o', 'json']),
  );
  return { name, uid: metadata.uid, node: spec.nodeName };
}

/** Milliseconds since the epoch. */
async function readyAt(scene: Scene, name: string): Promise<number> {
  const path = 'jsonpath={.status.conditions[?(@.type=="Ready")].lastTransitionTime}';
  return Date.parse(await scene.cluster.kubectl(['get', 'pod', '-n', workload.http.namespace, name, '-o', path]));
}

/** Agents' processes in a pod: its cgroups bear its id. */
function processesOfPod(uid: string): number[] {
  return readdirSync('/proc')
    .filter((name) => /^\d+$/.test(name))
    .filter((name) => {
      try {
        const isAgent = readFileSync(`/proc/${name}/cmdline`, 'utf8').includes('/agent');
        return isAgent && readFileSync(`/proc/${name}/cgroup`, 'utf8').includes(uid);
      } catch {
        return false; // it ended in between
      }
    })
    .map(Number);
}
