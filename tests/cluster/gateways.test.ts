/** What stands before API servers: a gateway that lets only one of WebSocket and SPDY through, or neither, and a server that is busy. */
import { readFileSync } from 'node:fs';
import { join } from 'node:path';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { testdata } from '../../app/adapters/testing/api-server.ts';
import { Administrator } from './administrator.ts';
import { startFront, type Trouble } from './api-front.ts';
import { must } from './programs.ts';
import { Refusals, usual } from './refusals.ts';

describe('a connect', () => {
  let refusals: Refusals;
  let administrator: Administrator;
  beforeAll(async () => {
    refusals = await Refusals.begin('gateways');
    administrator = await Administrator.make(refusals.scene.cluster, 'gateways');
  });
  afterAll(async () => {
    await administrator.remove();
    await refusals.close();
  });

  const behind = async (url: string) => {
    const token = await administrator.token();
    return refusals.productWith(
      refusals
        .as({ token })
        .replace(/server: .*/, `server: ${url}`)
        .replace(
          /certificate-authority-data: .*/,
          `certificate-authority-data: ${readFileSync(join(testdata, 'authority.pem')).toString('base64')}`,
        ),
    );
  };

  it.each<Trouble>(['no-web-sockets', 'no-spdy', 'busy'])('passes a front with %s', async (trouble) => {
    await using front = await startFront(refusals.scene, { certificate: 'server', aheadSeconds: 0, trouble });
    const product = await behind(front.url);
    await product.connect(...usual);
    await must(refusals.scene.laptop, ['curl', '-sS', '-m', '5', 'http://orders/']);
    const explained = await product.slipway(['explain', 'orders:80']);
    expect(explained.code, explained.stdout + explained.stderr).toBe(0);
    expect(explained.stderr).toContain('It gets there');
    expect((await product.slipway(['explain', 'oders.webshop'])).stderr).toContain('orders.webshop');
    await refusals.expectUnchanged(product);
  });

  it('names a gateway that blocks both, and no right', async () => {
    await using front = await startFront(refusals.scene, {
      certificate: 'server',
      aheadSeconds: 0,
      trouble: 'no-upgrades',
    });
    await refusals.refused(await behind(front.url), usual, {
      code: 'gateway-blocks',
      exitCode: 5,
      cause: /WebSocket: 403 Upgrades are blocked by policy; SPDY: 403 Upgrades are blocked by policy/,
      fix: 'let WebSocket or SPDY upgrades through',
    });
  });
});
