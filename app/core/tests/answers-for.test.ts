/** The user's word for a cluster's whole domain: given, kept for that domain of that context, taken back. */
import { describe, expect, it } from 'vitest';
import { CoreHarness } from './core-harness.ts';

const file = '/home/jane/.kube/config';
const domain = 'k8s.example.com';

function registered(): CoreHarness {
  const harness = new CoreHarness();
  harness.world.cluster.domain = domain;
  return harness;
}

const names = (harness: CoreHarness) => harness.in('connected').names;

describe("the user's word for a cluster's domain", () => {
  it('is needed for a domain that somebody may own, and status says so', async () => {
    const harness = registered();
    await harness.connect();
    expect(names(harness)).toMatchObject({
      clusterDomain: domain,
      domains: [`svc.${domain}`, `pod.${domain}`, 'svc', 'pod'],
      refused: [{ name: domain, reason: 'registrable', conflict: 'com', grantable: true }],
    });
  });

  it('is given with a connect, kept for the next ones, and taken back by an empty one', async () => {
    const harness = registered();
    expect(await harness.call('connect', { context: 'production', answersFor: domain })).toMatchObject({ ok: true });
    await harness.until('connected');
    expect(names(harness)).toMatchObject({ domains: [domain, 'svc', 'pod'], refused: [] });
    await harness.killCore();
    harness.startCore();
    await harness.until('connected');
    expect(names(harness).refused).toEqual([]);
    await harness.off();
    await harness.connect();
    expect(names(harness).refused).toEqual([]);
    await harness.off();
    await harness.call('connect', { context: 'production', answersFor: '' });
    await harness.until('connected');
    expect(names(harness).refused).toHaveLength(1);
  });

  it('is heard while connected, from the settings that any frontend changes', async () => {
    const harness = registered();
    await harness.connect();
    const given = { contexts: [{ context: 'production', file, answersFor: domain }] };
    expect(await harness.call('changeSettings', given)).toMatchObject({ ok: true });
    await harness.clock.advance(1000);
    expect(names(harness)).toMatchObject({ domains: [domain, 'svc', 'pod'], refused: [] });
    await harness.call('changeSettings', { contexts: [] });
    await harness.clock.advance(1000);
    expect(names(harness).refused).toHaveLength(1);
  });

  it('is given for further domains, too, and heard while connected', async () => {
    const harness = registered();
    await harness.connect();
    const given = { contexts: [{ context: 'production', file, extraDomains: ['consul', 'db.example.com'] }] };
    expect(await harness.call('changeSettings', given)).toMatchObject({ ok: true });
    await harness.clock.advance(1000);
    expect(names(harness).domains).toEqual([
      `svc.${domain}`,
      `pod.${domain}`,
      'consul',
      'db.example.com',
      'svc',
      'pod',
    ]);
    const unwritable = { contexts: [{ context: 'production', file, extraDomains: ['two words'] }] };
    expect(await harness.call('changeSettings', unwritable)).toMatchObject({ ok: false });
  });

  it.each([
    ['another domain', { context: 'production', file, answersFor: 'example.com' }],
    ['another context', { context: 'staging', file, answersFor: domain }],
    ['the same name in another file', { context: 'production', file: '/other', answersFor: domain }],
  ])('for %s is none', async (_, choice) => {
    const harness = registered();
    await harness.call('changeSettings', { contexts: [choice] });
    await harness.connect();
    expect(names(harness).refused).toHaveLength(1);
  });

  it.each(['Upper.example', '-a.example', 'a..b', 'a.example.', 'two words', '~corp'])(
    'is no domain: %s',
    async (text) => {
      const harness = registered();
      const given = await harness.call('connect', { context: 'production', answersFor: text });
      expect(given).toMatchObject({ ok: false, problem: { code: 'usage' } });
    },
  );
});
