import { describe, expect, test } from 'vitest';
import { parseAllDocuments } from 'yaml';
import { noAgentPodChoices } from '../../contract/index.ts';
import { agentJob } from '../agent/manifest.ts';
import { usualShape } from '../agent/pod-shape.ts';
import { agentRole, agentRules } from './roles.ts';

const [role, policy] = parseAllDocuments(agentRole('team', 'slipway-agent-0123456789')).map((document) => {
  expect(document.errors).toEqual([]);
  return document.toJS();
});

describe('the Role of the agent', () => {
  test('binds to the one Job what RBAC can bind, and nothing else', () => {
    for (const rule of role.rules) {
      const mayBeNamed = rule.resources.includes('jobs') && !rule.verbs.includes('create');
      expect(rule.resourceNames).toEqual(mayBeNamed ? ['slipway-agent-0123456789'] : undefined);
    }
  });

  test('asks for nothing beyond its own objects', () => {
    expect(role).toMatchObject({ kind: 'Role', metadata: { name: 'slipway-agent', namespace: 'team' } });
    const wide = agentRules.flatMap(({ apiGroups, resources, verbs }) => [...apiGroups, ...resources, ...verbs]);
    expect(wide).not.toContain('*');
    expect(wide.filter((word) => /secret|configmap|serviceaccount|role|token/.test(word))).toEqual([]);
  });

  test('says of each rule why', () => {
    const lines = agentRole('team', '').split('\n');
    const rules = lines.flatMap((line, index) =>
      line.trimStart().startsWith('- apiGroups') ? [lines[index - 1]] : [],
    );
    expect(rules.length).toBe(agentRules.length);
    expect(rules.every((line) => line?.trimStart().startsWith('# '))).toBe(true);
  });
});

describe('the NetworkPolicy of the agent', () => {
  test('selects the agent’s pods, lets nobody in, and out to pods and DNS', () => {
    const { spec } = agentJob({
      name: 'slipway-agent-0123456789',
      namespace: 'team',
      image: 'x',
      contained: true,
      firstDeadlineSeconds: 60,
      shape: usualShape,
      choices: noAgentPodChoices,
      placing: 'p1',
      idleSeconds: 0,
      expirySeconds: 0,
      keepSeconds: 0,
    });
    expect(spec?.template.metadata?.labels).toMatchObject(policy.spec.podSelector.matchLabels);
    expect(policy).toMatchObject({
      kind: 'NetworkPolicy',
      metadata: { namespace: 'team' },
      spec: { policyTypes: ['Ingress', 'Egress'], ingress: [] },
    });
    expect(policy.spec.egress).toHaveLength(2);
  });
});
