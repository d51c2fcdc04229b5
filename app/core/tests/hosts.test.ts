import { expect, test } from 'vitest';
import { service } from '../../fakes/service.ts';
import { createHostTelling } from '../catalog/hosts.ts';
import { type HostsChange, mostHosts } from '../route-messages.ts';

const catalogue = (...services: ReturnType<typeof service>[]) => ({ namespaces: ['lone'], services, problems: [] });
const orders = service('lone', 'orders', '10.96.0.7', ['10.244.0.9', '10.244.1.9']);
const ledger = service('lone', 'ledger', '10.96.0.8', ['10.244.0.9']);

/** What an engine knows that heard these. */
function heard(known: Set<string>, messages: readonly HostsChange[]): Set<string> {
  let next = new Set(known);
  for (const { whole, add = [], remove = [] } of messages) {
    const gone = new Set(remove);
    next = new Set([...(whole ? [] : next)].filter((address) => !gone.has(address)).concat(add));
  }
  expect(messages.map(({ more }) => more ?? false)).toEqual(messages.map((_, index) => index < messages.length - 1));
  return next;
}

test('all are told first, then what changed, and nothing where nothing did', () => {
  const telling = createHostTelling();
  const first = telling.messages(catalogue(orders, ledger), []);
  expect(first).toMatchObject([{ whole: true }]);
  const known = heard(new Set(), first);
  expect([...known].toSorted()).toEqual(['10.244.0.9', '10.244.1.9', '10.96.0.7', '10.96.0.8']);
  expect(telling.messages(catalogue(orders, ledger), [])).toEqual([]);
  const next = telling.messages(catalogue(ledger), ['10.244.5.5']);
  expect([...heard(known, next)].toSorted()).toEqual(['10.244.0.9', '10.244.5.5', '10.96.0.8']);
  expect(telling.messages(catalogue(orders, ledger), [])).toHaveLength(1);
});

test('Services find a place before their pods do', () => {
  const many = Array.from(
    { length: mostHosts },
    (_, index) => `10.${200 + (index >> 16)}.${(index >> 8) & 255}.${index & 255}`,
  );
  const crowd = service('lone', 'crowd', '10.96.0.9', many);
  const known = heard(new Set(), createHostTelling().messages(catalogue(crowd, orders), []));
  expect(known.size).toBe(mostHosts);
  expect(known.has('10.96.0.9') && known.has('10.96.0.7')).toBe(true);
});
