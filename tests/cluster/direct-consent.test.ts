/**
 * The Service of a direct path on a real cluster: there only by the user's word, for exactly the agent's pod, and gone with that
 * word, with the connection, with the agent, and after a crash. Where it is refused, everything goes on through the API server.
 */
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { stringify } from 'yaml';
import { agentRules } from '../../app/adapters/cluster/roles.ts';
import type { Connection } from '../../app/contract/index.ts';
import type { Product } from './product.ts';
import { Refusals } from './refusals.ts';
import { type Scene, workload } from './scene.ts';

type Connected = Extract<Connection, { phase: 'connected' }>;

const { namespace } = workload.http;
const connectArguments = ['sandbox', '--namespace', namespace, '--base-image', workload.baseImage];
const account = 'without-services';

interface DirectService {
  readonly metadata: { readonly name: string; readonly ownerReferences?: readonly { readonly name: string }[] };
  readonly spec: {
    readonly type: string;
    readonly selector: Readonly<Record<string, string>>;
    readonly ports: readonly { readonly nodePort: number }[];
  };
}

describe('the Service of a direct path', () => {
  let refusals: Refusals;
  let scene: Scene;

  const choose = async (product: Product, ...words: readonly string[]) => {
    const outcome = await product.slipway(['settings', ...words, '--context', 'sandbox']);
    expect(outcome.code, outcome.stderr).toBe(0);
  };
  const services = async () => (await scene.ours()).filter((object) => object.startsWith('service/'));
  const isThere = (count: number, timeout = 20_000) =>
    expect.poll(async () => (await services()).length, { timeout, interval: 300 }).toBe(count);
  const connection = async (product: Product): Promise<Connected> => {
    const found = (await product.snapshot()).connections.find(({ phase }) => phase !== 'off');
    return found?.phase === 'connected' ? found : expect.fail(JSON.stringify(found));
  };
  const theService = async (): Promise<DirectService> => {
    const [name = ''] = (await services()).map((object) => object.split('/')[1]);
    return JSON.parse(await scene.cluster.kubectl(['get', 'service', '-n', namespace, name, '-o', 'json']));
  };

  beforeAll(async () => {
    refusals = await Refusals.begin('direct-consent');
    scene = refusals.scene;
    const apiGroup = 'rbac.authorization.k8s.io';
    const metadata = { name: account, namespace };
    const objects = [
      { apiVersion: `${apiGroup}/v1`, kind: 'Role', metadata, rules: agentRules },
      {
        apiVersion: `${apiGroup}/v1`,
        kind: 'RoleBinding',
        metadata,
        roleRef: { apiGroup, kind: 'Role', name: account },
        subjects: [{ apiGroup, kind: 'User', name: account }],
      },
    ];
    const documents = objects.map((document) => stringify(document, { aliasDuplicateObjects: false }));
    await scene.cluster.kubectl(['apply', '-f', '-'], documents.join('---\n'));
  });
  afterAll(async () => {
    await scene.cluster.kubectl(['delete', 'role,rolebinding', '-n', namespace, account]);
    await refusals.close();
  });

  it('is not there without the user’s word, and with it is of the agent’s pod alone', async () => {
    await scene.product.connect(...connectArguments);
    await expect
      .poll(async () => (await connection(scene.product)).pathReason?.chosen, { timeout: 20_000 })
      .toBe('pod');
    expect(await services()).toEqual([]);

    await choose(scene.product, 'set', 'directPath', 'node-port');
    await isThere(1);
    const { agent } = await connection(scene.product);
    const { metadata, spec } = await theService();
    expect(metadata.ownerReferences).toMatchObject([{ name: agent.pod }]);
    expect(spec.type).toBe('NodePort');
    const selector = Object.entries(spec.selector).map((pair) => pair.join('='));
    const selected = await scene.cluster.pods(namespace, selector.join(','));
    expect(selected.map((pod) => pod.metadata.name)).toEqual([agent.pod]);
    const port = spec.ports[0]?.nodePort;
    await expect
      .poll(async () => (await connection(scene.product)).pathReason?.tried, { timeout: 20_000 })
      .toEqual(expect.arrayContaining([expect.objectContaining({ kind: 'node', port })]));
    expect((await scene.product.slipway(['status'])).stdout).toMatch(/path {6}\S/);

    await choose(scene.product, 'reset', 'directPath');
    await isThere(0);
  });

  it('is there for the next agent, and not for the one that was deleted', async () => {
    await choose(scene.product, 'set', 'directPath', 'node-port');
    await isThere(1);
    const before = (await connection(scene.product)).agent.pod;
    await scene.cluster.kubectl(['delete', 'pod', '-n', namespace, before, '--wait=false']);
    await expect
      .poll(async () => (await theService().catch(() => null))?.metadata.ownerReferences?.[0]?.name, {
        timeout: 60_000,
        interval: 500,
      })
      .not.toBe(before);
    await isThere(1, 60_000);
    expect(await scene.product.reaches('connected', 60_000)).toBe(true);
    const { agent } = await connection(scene.product);
    expect(agent.pod).not.toBe(before);
    expect((await theService()).metadata.ownerReferences).toMatchObject([{ name: agent.pod }]);
  });

  it('survives a core that is killed as long as its agent, and goes with a disconnect of the next', async () => {
    await scene.product.signal(['core'], 'SIGKILL');
    await scene.product.connect(...connectArguments);
    await isThere(1);
    expect((await scene.product.disconnect()).code).toBe(0);
    await isThere(0);
  });

  it('goes by its owner alone where nobody comes back', async () => {
    await scene.product.connect(...connectArguments);
    await isThere(1);
    await scene.product.signal(['core'], 'SIGKILL');
    const jobs = (await scene.ours()).filter((object) => object.startsWith('job/'));
    for (const job of jobs) {
      await scene.cluster.kubectl(['delete', '-n', namespace, job, '--wait=false']);
    }
    await isThere(0, 60_000);
  });

  it('is refused with the Role to ask for where the right is missing, and the connection goes on', async () => {
    const product = refusals.productWith(
      refusals.edited(({ user }) => {
        user.as = account;
      }),
    );
    await choose(product, 'set', 'directPath', 'node-port');
    await product.connect(...connectArguments);
    await expect
      .poll(async () => (await connection(product)).degraded.find(({ facts }) => facts.resource === 'services'), {
        timeout: 20_000,
      })
      .toMatchObject({ code: 'forbidden', severity: 'warning', facts: { verb: 'get' } });
    const { path, degraded } = await connection(product);
    expect(path).toBe('apiserver');
    const told = degraded.find(({ facts }) => facts.resource === 'services');
    expect(told?.fixes.find(({ kind }) => kind === 'copy')?.text).toContain('name: slipway-direct-path');
    expect(await services()).toEqual([]);
    await product.end();
  });
});
