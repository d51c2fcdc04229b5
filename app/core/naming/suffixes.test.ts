import { expect, it } from 'vitest';
import { primaryOf, type Sharer, shareNames, suffixesOf, suffixOf } from './suffixes.ts';

const sharer = (key: string, more: Partial<Sharer> = {}): Sharer => ({
  key,
  context: key,
  chosenSuffix: '',
  isOn: true,
  told: null,
  isAnswered: true,
  hasNames: false,
  resolver: '',
  ranges: [],
  ...more,
});

it.each([
  ['staging', 'staging-cluster'], // letters alone may be a top-level domain: dev, app, cloud
  ['kind-kind', 'kind-kind'],
  ['Prod 2', 'prod-2'],
  ['jane@office.example', 'jane-office-example'],
  ['gke_shop_europe-west3-a_orders', 'orders-cluster'],
  ['arn:aws:eks:eu-central-1:123456789012:cluster/orders-7', 'orders-7'],
  ['--', 'cluster-1'],
  ['生产', 'cluster-1'],
  ['x'.repeat(300), `${'x'.repeat(48)}-cluster`],
])('%s has a suffix that is a label and no top-level domain', (context, suffix) => {
  expect(suffixOf(context)).toBe(suffix);
});

it('tells two of one name apart, and heeds the word of the user', () => {
  const all = [sharer('a', { context: 'x-1' }), sharer('b', { context: 'X 1' }), sharer('c', { chosenSuffix: 'mine' })];
  expect([...suffixesOf(all).values()]).toEqual(['x-1', 'x-1-2', 'mine']);
});

it('has the names of the first that is on in force, or of the chosen one', () => {
  const all = [sharer('a', { isOn: false }), sharer('b'), sharer('c')];
  expect(primaryOf(all, null)).toBe('b');
  expect(primaryOf(all, 'c')).toBe('c');
  expect(primaryOf(all, 'a')).toBe('b');
  expect(primaryOf([], 'a')).toBeNull();
});

it('tells nobody to put names in force while others are', () => {
  const elsewhere = (all: Sharer[], chosen: string | null) =>
    [...shareNames(all, chosen).values()].map(({ namesElsewhere }) => namesElsewhere);
  const has = { told: false, hasNames: true };
  expect(elsewhere([sharer('a'), sharer('b')], null)).toEqual([false, true]);
  expect(elsewhere([sharer('a', has), sharer('b')], 'b'), 'it is to give them back first').toEqual([true, true]);
  expect(elsewhere([sharer('a', { told: true, isAnswered: false }), sharer('b')], 'b'), 'and to say so').toEqual([
    true,
    true,
  ]);
  expect(elsewhere([sharer('a', { told: true }), sharer('b')], 'b')).toEqual([true, false]);
  expect(
    elsewhere([sharer('a'), sharer('b', { told: false, isAnswered: false })], 'a'),
    'no answer is another’s',
  ).toEqual([true, false]);
  expect(elsewhere([sharer('a', { ...has, isOn: false }), sharer('b')], null)).toEqual([true, true]);
});

it('leaves out one that programs come to by a proxy: it has its names for itself', () => {
  const all = [sharer('a', { byProxy: true, told: false, hasNames: true, resolver: '198.18.7.3' }), sharer('b')];
  expect(primaryOf(all, 'a')).toBe('b');
  const told = shareNames(all, 'a');
  expect(told.get('a')).toEqual({ suffix: 'a-cluster', clusters: [], namesElsewhere: false });
  expect(told.get('b')).toEqual({ suffix: 'b-cluster', clusters: [], namesElsewhere: false });
});

it('tells each whom to ask for the others’ names', () => {
  const all = [sharer('a', { resolver: '198.18.7.3', ranges: ['10.96.0.0/16'] }), sharer('b')];
  expect(shareNames(all, null).get('b')).toEqual({
    suffix: 'b-cluster',
    clusters: [{ suffix: 'a-cluster', resolver: '198.18.7.3', ranges: ['10.96.0.0/16'] }],
    namesElsewhere: true,
  });
  expect(shareNames(all, null).get('a')?.clusters).toEqual([]);
});
