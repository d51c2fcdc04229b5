/** The commonest restricted user: rights in one namespace, chosen by hand, while the kubeconfig's context names another. */
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { must } from './programs.ts';
import { connected, Refusals } from './refusals.ts';
import { rightsIn } from './restricted-user.ts';
import { workload } from './scene.ts';

const namespace = 'lone';
const account = 'one-namespace';

const objects = `${rightsIn(namespace, account)}---
apiVersion: v1
kind: Service
metadata: {name: single, namespace: ${namespace}}
spec: {ports: [{port: 80}], selector: {app: nobody}}
`;

describe('rights in one namespace only', () => {
  let refusals: Refusals;
  beforeAll(async () => {
    refusals = await Refusals.begin('one-namespace');
    const { cluster } = refusals.scene;
    await cluster.kubectl(['create', 'namespace', namespace]);
    await cluster.kubectl(['apply', '-f', '-'], objects);
  });
  afterAll(async () => {
    await refusals.scene.cluster.kubectl(['delete', 'namespace', namespace, '--wait=false']);
    await refusals.close();
  });

  it('connects in it, says once what is missing and guessed, and names resolve at once', async () => {
    const { scene } = refusals;
    const product = refusals.productWith(
      refusals.edited(({ user }) => {
        user.as = account;
      }),
    );
    await product.connect('sandbox', '--namespace', namespace, '--base-image', workload.baseImage);
    const connection = await connected(product);
    const codes = connection.degraded.map(({ code }) => code);
    expect(codes.filter((code) => code === 'forbidden').length).toBeLessThanOrEqual(2);
    expect(codes.filter((code) => code === 'ranges-guessed')).toHaveLength(1);
    expect(connection.homeNamespace).toBe(namespace);
    const address = (
      await scene.cluster.kubectl(['get', 'service', 'single', '-n', namespace, '-o', 'jsonpath={.spec.clusterIP}'])
    ).trim();
    for (const name of ['single', `single.${namespace}`, `single.${namespace}.svc`]) {
      expect(await must(scene.laptop, ['getent', 'ahostsv4', name]), name).toContain(address);
    }
    await refusals.expectUnchanged(product);
  });

  it('leaves nothing', () => refusals.expectNothingLeft());
});
