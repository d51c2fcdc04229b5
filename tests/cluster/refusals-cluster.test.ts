/** Bad input by the cluster: one whose addresses may not be routed. */
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

  it('that has nobody’s addresses of IPv6 only is refused by name', async () => {
    await using server = await startIpv6ApiServer(refusals.scene);
    const text = refusals.edited(({ cluster }) => {
      cluster.server = server.url;
    });
    const args = ['sandbox', '--namespace', 'default', '--base-image', workload.baseImage];
    await refusals.refused(refusals.productWith(text), args, {
      code: 'route-refused',
      exitCode: 6,
      cause: 'reserved addresses',
      fix: 'Exclude the range',
    });
  });

  it('and all that: nothing is left', () => refusals.expectNothingLeft());
});
