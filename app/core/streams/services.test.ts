import { expect, it } from 'vitest';
import { compareServiceKeys, problem, type Service, type ServicesItem } from '../../contract/index.ts';
import type { Catalogue } from '../ports.ts';
import { differenceOf } from './listed.ts';
import { servicesSource, weightOfService } from './services.ts';

const service = (key: string, version = 0): Service => {
  const [namespace = '', name = ''] = key.split('/');
  return {
    namespace,
    name,
    type: 'ClusterIP',
    addresses: [],
    headless: true,
    externalName: '',
    ports: [],
    endpoints: [],
    labels: {},
    createdAt: version,
  };
};
const catalogue = (services: readonly Service[], problems: Catalogue['problems'] = []): Catalogue => ({
  namespaces: [],
  services: [...services].sort(compareServiceKeys),
  problems,
});

/** What a window does with items. */
function apply(known: Map<string, Service>, item: ServicesItem): void {
  if (item.kind === 'all') {
    known.clear();
  }
  for (const one of item.kind === 'all' ? item.services : item.changed) {
    known.set(`${one.namespace}/${one.name}`, one);
  }
  for (const { namespace, name } of item.kind === 'all' ? [] : item.removed) {
    known.delete(`${namespace}/${name}`);
  }
}

it('tells everything first, then only what changed and went', () => {
  const [a, b, c] = [service('x/a'), service('x/b'), service('y/a')];
  let present: Catalogue | null = null;
  const source = servicesSource(() => present);
  expect(source.next()).toBeNull();
  present = catalogue([a, b, c]);
  expect(source.next()).toEqual({ item: { kind: 'all', services: [a, b, c], problems: [] }, more: false });
  expect(source.next()).toBeNull();
  present = catalogue([a, b, c]);
  expect(source.next()).toBeNull();
  const newer = service('x/b', 1);
  present = catalogue([newer, c, service('x/aa')]);
  expect(source.next()?.item).toEqual({
    kind: 'changes',
    changed: [service('x/aa'), newer],
    removed: [{ namespace: 'x', name: 'a' }],
    problems: [],
  });
});

it('tells an empty catalogue, and problems that come and go', () => {
  let present = catalogue([]);
  const source = servicesSource(() => present);
  expect(source.next()?.item).toEqual({ kind: 'all', services: [], problems: [] });
  const refused = problem('forbidden', 'no');
  present = catalogue([], [refused]);
  expect(source.next()?.item).toMatchObject({ kind: 'changes', changed: [], problems: [refused] });
  expect(source.next()).toBeNull();
  present = catalogue([]);
  expect(source.next()?.item).toMatchObject({ kind: 'changes', problems: [] });
});

it('brings what does not fit into one item with the next ones, and ends at the truth', () => {
  const names = Array.from({ length: 50 }, (_, index) => `n/${String(index).padStart(2, '0')}`);
  let present = catalogue(names.map((name) => service(name)));
  const source = servicesSource(() => present, 8);
  const known = new Map<string, Service>();
  const drain = () => {
    let items = 0;
    for (let next = source.next(); next !== null; next = source.next()) {
      apply(known, next.item);
      items += 1;
    }
    return items;
  };
  const first = source.next();
  expect(first).toMatchObject({ item: { kind: 'all' }, more: true });
  apply(known, first?.item ?? expect.fail());
  present = catalogue(names.slice(5).map((name, index) => service(name, index % 3))); // changes in the middle of it
  expect(drain()).toBeGreaterThan(3);
  expect([...known.values()].sort(compareServiceKeys)).toEqual(present.services);
});

it('finds the difference of any two catalogues', () => {
  let seed = 7;
  const random = (below: number) => {
    seed = (seed * 48_271) % 2_147_483_647;
    return seed % below;
  };
  let before: Service[] = [];
  for (let round = 0; round < 200; round += 1) {
    const kept = before
      .filter(() => random(4) > 0)
      .map((one) => (random(5) === 0 ? { ...one, createdAt: round } : one));
    const keys = new Set(kept.map(({ namespace, name }) => `${namespace}/${name}`));
    const added = Array.from({ length: random(5) }, () => `${random(3)}/${random(40)}`).filter((key) => !keys.has(key));
    const after = catalogue([...kept, ...[...new Set(added)].map((key) => service(key, round))]).services;
    const { changed, removed, told, complete } = differenceOf(before, after, weightOfService, 1_000);
    const known = new Map(before.map((one) => [`${one.namespace}/${one.name}`, one]));
    apply(known, { kind: 'changes', changed, removed, problems: [] });
    expect([...known.values()].sort(compareServiceKeys)).toEqual(after);
    expect(changed.every((one) => !before.includes(one))).toBe(true);
    expect(told).toBe(after);
    expect(complete).toBe(true);
    before = [...after];
  }
});
