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
  expect(scopeOf(catalogue, chosen)).toEqual({
    homeNamespace: 'webshop',
    namespaces: ['infra', 'webshop'],
    headless: ['cache', 'ledger'],
  });
  expect(scopeOf(catalogue, { ...chosen, homeNamespace: 'infra' }).headless).toEqual(['kafka']);
  expect(scopeOf(catalogue, { ...chosen, homeNamespace: 'none' })).not.toHaveProperty('headless');
});
