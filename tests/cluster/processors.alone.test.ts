/**
 * Nodes of other processors take the agent, and where none can, they are named. The sandbox's nodes are labelled as others than they
 * are, again whenever the kubelet has put its own label back. What is sent follows the container's shell, which tells the truth here:
 * send-binary.test.ts has shells of other processors. Alone, because every file needs a node.
 */
import { setInterval } from 'node:timers/promises';
import { afterAll, afterEach, beforeAll, describe, expect, it } from 'vitest';
import { connectsFrom } from './other-clusters.ts';
import { Refusals, usual } from './refusals.ts';

const nodes = ['node1', 'node2'] as const;

describe('a cluster', () => {
  let refusals: Refusals;
  let own: string[] = [];

  const kubectl = (...words: string[]) => refusals.scene.cluster.kubectl(words);
  const labels = () =>
    Promise.all(
      nodes.map((node) => kubectl('get', 'node', node, '-o', 'jsonpath={.metadata.labels.kubernetes\\.io/arch}')),
    );
  const label = (processors: readonly string[]) =>
    Promise.all(
      nodes.map((node, index) =>
        kubectl('label', 'node', node, `kubernetes.io/arch=${processors[index]}`, '--overwrite'),
      ),
    );
  async function signalKubelets(signal: 'STOP' | 'CONT'): Promise<void> {
    for (const name of nodes) {
      const node = refusals.scene.sandbox.space(name);
      const kubelet = (await node.programs()).find((program) => program.name === 'kubelet');
      await node.run(['kill', `-${signal}`, `${kubelet?.pid}`], { ownProcesses: true });
    }
  }
  /** While `work` goes on, the nodes say that they have these processors. */
  async function whileLabelled(processors: readonly string[], work: () => Promise<unknown>): Promise<void> {
    const over = new AbortController();
    await label(processors);
    const keeping = (async () => {
      for await (const _ of setInterval(300, null, { signal: over.signal })) {
        await label(processors);
      }
    })().catch((error: unknown) => {
      if (!over.signal.aborted) throw error;
    });
    try {
      await work();
    } finally {
      over.abort();
      await keeping;
    }
  }

  beforeAll(async () => {
    refusals = await Refusals.begin('processors');
    own = await labels();
  });
  afterEach(async () => {
    await signalKubelets('CONT');
    await label(own);
    expect(await labels()).toEqual(own);
  });
  afterAll(() => refusals.close());

  it.each([
    ['arm64 alone', 'processors-one', ['arm64', 'arm64']],
    ['both', 'processors-both', ['arm64', 'amd64']],
  ])('of %s takes the agent', (_, namespace, processors) =>
    refusals.inNamespace(namespace, () => whileLabelled(processors, () => connectsFrom(refusals, namespace))),
  );

  it('of processors that there is no agent for has them named', async () => {
    await signalKubelets('STOP');
    await label(['s390x', 'riscv64']);
    await refusals.refused(refusals.productWith(refusals.kubeconfig), usual, {
      code: 'agent-processor',
      exitCode: 5,
      cause: /node1 \(linux\/s390x\), node2 \(linux\/riscv64\)/,
      fix: 'amd64 and arm64',
    });
  });

  it('and all that: nothing is left', () => refusals.expectNothingLeft());
});
