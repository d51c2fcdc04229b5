/** Which NetworkPolicies are named as the reason: those that select the agent's pod and restrict what it may send. */
import { describe, expect, it } from 'vitest';
import { success } from '../../contract/index.ts';
import type { ApiConnection } from '../cluster/api-connection.ts';
import { policiesOf } from './network-policies.ts';

const labels = { 'app.kubernetes.io/name': 'slipway-agent', tier: 'tools' };
const agent = { namespace: 'dev', pod: 'a', build: 'b', delivery: 'sent', image: '' } as const;
const placed = { target: { namespace: 'dev', pod: 'a', port: 1 }, agent, node: '' };

async function named(spec: object): Promise<unknown> {
  const connection = {
    ask: async (_: unknown, work: () => Promise<unknown>) => success(await work()),
    get: async () => ({ metadata: { name: 'a', labels } }),
    list: async (path: string) => {
      expect(path).toBe('/apis/networking.k8s.io/v1/namespaces/dev/networkpolicies');
      return { items: [{ metadata: { name: 'one' }, spec }] };
    },
  } as unknown as ApiConnection;
  return policiesOf(connection, placed);
}

const egress = { policyTypes: ['Egress'] };

describe('policies that restrict what the agent sends', () => {
  it.each([
    ['default-deny', { podSelector: {}, ...egress }, true],
    ['no selector at all', { ...egress }, true],
    ['both types', { podSelector: {}, policyTypes: ['Ingress', 'Egress'] }, true],
    ['no types but rules', { podSelector: {}, egress: [{ ports: [{ port: 53 }] }] }, true],
    ['no types, no rules: ingress', { podSelector: {} }, false],
    ['ingress', { podSelector: {}, policyTypes: ['Ingress'] }, false],
    ['its labels', { podSelector: { matchLabels: { tier: 'tools' } }, ...egress }, true],
    ['labels of others', { podSelector: { matchLabels: { tier: 'web' } }, ...egress }, false],
    [
      'In',
      { podSelector: { matchExpressions: [{ key: 'tier', operator: 'In', values: ['tools'] }] }, ...egress },
      true,
    ],
    [
      'NotIn',
      { podSelector: { matchExpressions: [{ key: 'tier', operator: 'NotIn', values: ['tools'] }] }, ...egress },
      false,
    ],
    [
      'NotIn of what it lacks',
      { podSelector: { matchExpressions: [{ key: 'x', operator: 'NotIn', values: ['y'] }] }, ...egress },
      true,
    ],
    ['Exists', { podSelector: { matchExpressions: [{ key: 'x', operator: 'Exists' }] }, ...egress }, false],
    ['DoesNotExist', { podSelector: { matchExpressions: [{ key: 'x', operator: 'DoesNotExist' }] }, ...egress }, true],
    ['everything allowed', { podSelector: {}, ...egress, egress: [{}] }, false],
  ])('%s', async (_, spec, isNamed) => {
    expect(await named(spec)).toEqual({ ok: true, value: isNamed ? ['one'] : [] });
  });
});
