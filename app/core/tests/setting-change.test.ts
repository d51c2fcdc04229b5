/** One setting by its name and words, as `slipway settings` asks for it. */
import { describe, expect, it } from 'vitest';
import { allSettings, defaultSettings, nothingChosen, type Settings, settingsSchema } from '../../contract/index.ts';
import { CoreHarness } from './core-harness.ts';

type Change = 'set' | 'add' | 'remove' | 'reset';

async function harness(): Promise<{
  make: (change: Change, name: string, words?: string[], context?: string) => Promise<Settings | string>;
  settings: () => Promise<Settings>;
}> {
  const made = new CoreHarness();
  await made.clock.advance(200);
  return {
    make: async (change, name, words = [], context = '') => {
      const answer = await made.call('changeSetting', { name, context, change, words });
      return answer.ok ? answer.value : `${answer.problem.code}: ${answer.problem.cause}`;
    },
    settings: async () => {
      const answer = await made.call('getSettings', {});
      expect(answer.ok).toBe(true);
      return answer.ok ? answer.value : defaultSettings;
    },
  };
}

describe('a setting by its name', () => {
  it.each<[string, string[], Partial<Settings>]>([
    ['theme', ['dark'], { theme: 'dark' }],
    ['recover', ['off'], { recover: false }],
    ['recover', ['false'], { recover: false }],
    ['resolverMode', ['off'], { resolverMode: 'off' }],
    ['agentImage', ['registry.example.org/agent:1'], { agentImage: 'registry.example.org/agent:1' }],
    ['excludedRanges', ['10.96.3.4/16', '192.168.7.7'], { excludedRanges: ['10.96.0.0/16', '192.168.7.7/32'] }],
    ['excludedRanges', ['fd00::/8'], { excludedRanges: ['fd00::/8'] }],
    [
      'pinnedContexts',
      ['production'],
      { pinnedContexts: [{ context: 'production', file: '/home/jane/.kube/config' }] },
    ],
    ['connectAtStart', ['production'], { connectAtStart: { context: 'production', file: '/home/jane/.kube/config' } }],
  ])('%s can be set to %s', async (name, words, changed) => {
    const { make, settings } = await harness();
    expect(await make('set', name, words)).toMatchObject(changed);
    expect(await settings()).toMatchObject(changed);
    expect(await make('reset', name)).toMatchObject({ [name]: defaultSettings[name as keyof Settings] });
  });

  it('of one context leaves the others and the rest of its own', async () => {
    const { make } = await harness();
    await make('set', 'agentNamespace', ['tools'], 'production');
    await make('add', 'pinnedServices', ['webshop/orders', 'webshop/ledger'], 'production');
    await make('set', 'baseImage', ['alpine'], 'production');
    expect(await make('remove', 'pinnedServices', ['webshop/orders'], 'production')).toMatchObject({
      baseImage: defaultSettings.baseImage,
      contexts: [{ ...nothingChosen, context: 'production', agentNamespace: 'tools', baseImage: 'alpine' }],
      pinnedServices: [{ context: 'production', namespace: 'webshop', name: 'ledger' }],
    });
  });

  it('is added to and taken from, in the form in which ranges are kept', async () => {
    const { make } = await harness();
    await make('add', 'excludedRanges', ['10.1.0.0/16']);
    expect(await make('add', 'excludedRanges', ['10.2.3.4/16', '10.1.0.0/16'])).toMatchObject({
      excludedRanges: ['10.2.0.0/16', '10.1.0.0/16'],
    });
    expect(await make('remove', 'excludedRanges', ['10.1.9.9/16'])).toMatchObject({ excludedRanges: ['10.2.0.0/16'] });
  });

  it.each<[Change, string, string[], string, string]>([
    ['set', 'colour', ['red'], '', 'there is no setting colour'],
    ['set', 'theme', ['pink'], '', 'theme cannot be pink: it can be system, light, dark'],
    ['set', 'theme', ['dark', 'light'], '', 'theme holds one value, and 2 were given'],
    ['set', 'theme', [], '', 'theme was given no value: it can be system, light, dark'],
    ['set', 'recover', ['perhaps'], '', 'recover cannot be perhaps: it can be on, off'],
    ['add', 'theme', ['dark'], '', 'theme holds one value: set it'],
    ['set', 'excludedRanges', ['10.0.0.0/8', 'ten'], '', 'ten is not a range: write it as 10.20.0.0/16'],
    ['add', 'extraRanges', ['::/0'], '', '::/0 would be all traffic of this computer'],
    ['add', 'extraRanges', ['0.0.0.0/0'], '', '0.0.0.0/0 would be all traffic of this computer'],
    ['remove', 'excludedRanges', ['11.5.0.0/16'], '', 'excludedRanges does not hold 11.5.0.0/16; it holds 10.0.0.0/8'],
    ['remove', 'excludedRanges', ['10.5.0.0/16'], '', 'excludedRanges holds 10.5.0.0/16 only as a part of 10.0.0.0/8'],
    ['remove', 'excludedRanges', ['10.5.0.7'], '', 'excludedRanges holds 10.5.0.7/32 only as a part of 10.0.0.0/8'],
    [
      'remove',
      'excludedRanges',
      ['8.0.0.0/5'],
      '',
      'excludedRanges does not hold 8.0.0.0/5, but parts of it: 10.0.0.0/8',
    ],
    ['set', 'baseImage', ['not an image'], '', 'not an image is not an image reference'],
    ['set', 'agentNamespace', ['tools'], '', 'agentNamespace is a setting of one context'],
    ['set', 'theme', ['dark'], 'production', 'theme is a setting for all contexts'],
    ['set', 'agentNamespace', ['No_Name'], 'production', 'No_Name is not a valid namespace name'],
    ['set', 'agentNamespace', ['a'.repeat(64)], 'production', 'agentNamespace cannot be that'],
    ['add', 'pinnedServices', ['orders'], 'production', 'orders is not NAMESPACE/SERVICE'],
  ])(
    '%s %s %s %s is refused with what is allowed, and nothing is lost',
    async (change, name, words, context, cause) => {
      const { make, settings } = await harness();
      await make('set', 'excludedRanges', ['10.0.0.0/8']);
      const before = await settings();
      const answer = await make(change, name, words, context);
      expect(answer).toContain(`setting-invalid: ${cause}`);
      expect(await settings()).toEqual(before);
    },
  );

  it('names a context that is there, or one that is set already', async () => {
    const { make } = await harness();
    expect(await make('set', 'connectAtStart', ['nowhere'])).toContain('context-unknown: ');
  });
});

it('has every setting but what clicks alone make, with its kind', () => {
  const { contexts: _, welcomed: __, ...shape } = settingsSchema.shape;
  expect([...new Set(allSettings.map(({ name }) => name))].sort()).toEqual(
    [...new Set([...Object.keys(shape), ...Object.keys(nothingChosen)])].sort(),
  );
  expect(allSettings.filter(({ kind }) => kind === 'json')).toEqual([]);
});
