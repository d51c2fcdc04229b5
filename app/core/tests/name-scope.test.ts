import { expect, it } from 'vitest';
import { service } from '../../fakes/service.ts';
import { scopeOf } from '../naming/names.ts';

const chosen = { homeNamespace: 'webshop', answersFor: '', extraDomains: [] };
const headless = (namespace: string, name: string) => ({ ...service(namespace, name, '', []), headless: true });

it('names the headless Services of the home namespace alone', () => {
  const services = [
    headless('webshop', 'ledger'),
    headless('infra', 'kafka'),
    headless('webshop', 'cache'),
    service('webshop', 'orders', '10.96.41.7', []),
  ];
  const catalogue = { services, namespaces: ['infra', 'webshop'], problems: [] };
  expect(scopeOf({ catalogue, names: null }, chosen)).toEqual({
    homeNamespace: 'webshop',
    namespaces: ['infra', 'webshop'],
    headless: ['cache', 'ledger'],
  });
  expect(scopeOf({ catalogue, names: null }, { ...chosen, homeNamespace: 'infra' }).headless).toEqual(['kafka']);
  expect(scopeOf({ catalogue, names: null }, { ...chosen, homeNamespace: 'none' })).not.toHaveProperty('headless');
});

it('goes by what the cluster said of names until its catalogue was read', () => {
  const names = { namespaces: ['infra', 'shop'], headlessOf: 'webshop', headless: ['ledger'] };
  const before = { catalogue: null, names };
  expect(scopeOf(before, chosen)).toEqual({
    homeNamespace: 'webshop',
    namespaces: ['infra', 'shop', 'webshop'],
    headless: ['ledger'],
  });
  expect(scopeOf(before, { ...chosen, homeNamespace: 'infra' }), "another namespace's").not.toHaveProperty('headless');
  const catalogue = { services: [], namespaces: ['infra', 'webshop'], problems: [] };
  expect(scopeOf({ catalogue, names }, chosen)).toEqual({
    homeNamespace: 'webshop',
    namespaces: ['infra', 'webshop'],
  });
});
