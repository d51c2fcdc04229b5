import { describe, expect, it } from 'vitest';
import { shortContextNames } from './context-names.ts';

const eks = (region: string, account: string, name: string) => `arn:aws:eks:${region}:${account}:cluster/${name}`;

describe('short names of contexts', () => {
  it.each([
    ['one of EKS', [eks('eu-central-1', '1', 'payments')], ['payments']],
    ['two of one region', [eks('eu-central-1', '1', 'a'), eks('eu-central-1', '1', 'b')], ['a', 'b']],
    ['one name in two regions', [eks('eu-1', '1', 'a'), eks('us-1', '1', 'a')], ['a (eu-1)', 'a (us-1)']],
    ['one name in two accounts', [eks('eu-1', '1', 'a'), eks('eu-1', '2', 'a')], ['a (eu-1, 1)', 'a (eu-1, 2)']],
    ['China and GovCloud', ['arn:aws-cn:eks:cn-north-1:1:cluster/a'], ['a']],
    ['GKE', ['gke_shop-prod_europe-west3_web'], ['web']],
    ['GKE in two projects', ['gke_a_eu_web', 'gke_b_eu_web'], ['web (a, eu)', 'web (b, eu)']],
    ['one that is called so already', [eks('eu-1', '1', 'web'), 'web'], ['web (eu-1)', 'web']],
    [
      'names that are short',
      ['dev', 'admin@prod', 'default/api-x:6443/jane'],
      ['dev', 'admin@prod', 'default/api-x:6443/jane'],
    ],
    ['none', [''], ['']],
    ['something that only begins so', ['arn:aws:iam::1:role/x', 'gke_x'], ['arn:aws:iam::1:role/x', 'gke_x']],
  ] as const)('of %s', (_, names, short) => {
    const all = shortContextNames(names);
    expect(names.map((name) => all.get(name))).toEqual(short);
    expect(new Set(all.values()).size).toBe(new Set(names).size); // nobody is mistaken for another
  });
});
