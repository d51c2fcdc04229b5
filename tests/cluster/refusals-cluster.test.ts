/** Bad input by the cluster: one whose addresses Slipway cannot route yet. */
import { afterAll, beforeAll, describe, it } from 'vitest';
import { startIpv6ApiServer } from './ipv6-api-server.ts';
import { Refusals } from './refusals.ts';
import { workload } from './scene.ts';

describe('a cluster', () => {
  let refusals: Refusals;
  beforeAll(async () => {
    refusals = await Refusals.begin('refusals-cluster');
  });
  afterAll(() => refusals.close());

  it('that has IPv6 addresses only is refused by name', async () => {
    await using server = await startIpv6ApiServer(refusals.scene);
    const text = refusals.edited(({ cluster }) => {
      cluster.server = server.url;
    });
    const args = ['sandbox', '--namespace', 'default', '--base-image', workload.baseImage];
    await refusals.refused(refusals.productWith(text), args, {
      code: 'cluster-ipv6-only',
      exitCode: 5,
      cause: 'IPv6',
      fix: 'supports only clusters with IPv4',
    });
  });

  it('and all that: nothing is left', () => refusals.expectNothingLeft());
});
