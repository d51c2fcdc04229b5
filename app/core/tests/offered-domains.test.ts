import { expect, it } from 'vitest';
import { problem } from '../../contract/index.ts';
import { CoreHarness } from './core-harness.ts';

const file = '/home/jane/.kube/config';

async function connected(stubDomains: string[], extraDomains: string[] = []) {
  const harness = new CoreHarness(({ cluster }) => {
    cluster.stubDomains = stubDomains;
  });
  const own = harness.world.kubeconfig.contexts[0]?.file ?? file;
  const choose = (domains: string[]) =>
    harness.call('changeSettings', { contexts: [{ context: 'production', file: own, extraDomains: domains }] });
  await choose(extraDomains);
  await harness.connect();
  await harness.clock.advance(100);
  const offered = () => {
    return harness.in('connected').offeredDomains;
  };
  const asked = () => harness.world.engines.running[0]?.received.map((one) => JSON.stringify(one)).join('\n') ?? '';
  return { harness, choose, offered, asked };
}

it('offers what the cluster knows, and takes nothing of it by itself', async () => {
  const { harness, choose, offered, asked } = await connected(['corp.example', 'consul']);
  expect(offered()).toEqual(['consul', 'corp.example']);
  expect(asked()).not.toContain('corp.example');
  await choose(['corp.example']);
  await harness.clock.advance(100);
  expect(offered()).toEqual(['consul']);
  expect(asked()).toContain('corp.example');
});

it.each([
  ['nothing where it knows nothing', [], [], undefined],
  ['nothing that is chosen', ['corp.example'], ['corp.example'], undefined],
  ['nothing below what is chosen', ['dev.corp.example'], ['corp.example'], undefined],
  ['what only looks alike', ['mycorp.example'], ['corp.example'], ['mycorp.example']],
])('offers %s', async (_, stubDomains, extraDomains, expected) => {
  const { offered } = await connected(stubDomains, extraDomains);
  expect(offered()).toEqual(expected);
});

it('says nothing where the cluster may not be asked', async () => {
  const harness = new CoreHarness(({ cluster, faults }) => {
    cluster.stubDomains = ['corp.example'];
    faults.plan('stubDomains', problem('forbidden', 'may not'));
  });
  await harness.connect();
  await harness.clock.advance(100);
  const { degraded, offeredDomains } = harness.in('connected');
  expect([degraded, offeredDomains]).toEqual([[], undefined]);
});
