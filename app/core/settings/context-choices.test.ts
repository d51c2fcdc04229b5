import { expect, it } from 'vitest';
import { type Context, defaultSettings } from '../../contract/index.ts';
import { wantedFor, withChoices } from './context-choices.ts';

const context = { name: 'production', file: '/kubeconfig', namespace: 'webshop' } as Context;

it('takes the context’s own namespace, the default images, and the agent beside the home namespace', () => {
  expect(wantedFor(defaultSettings, context, {})).toEqual({
    context: 'production',
    file: '/kubeconfig',
    homeNamespace: 'webshop',
    agentNamespace: 'webshop',
    agentImage: '',
    baseImage: defaultSettings.baseImage,
  });
});

it('prefers what the connect names over the choices for the context, and those over the settings for all', () => {
  const settings = withChoices({ ...defaultSettings, agentImage: 'for-all' }, 'production', '/kubeconfig', {
    homeNamespace: 'dev',
    agentNamespace: 'tools',
    agentImage: 'for-this',
  });
  expect(wantedFor(settings, context, {})).toMatchObject({
    homeNamespace: 'dev',
    agentNamespace: 'tools',
    agentImage: 'for-this',
  });
  expect(wantedFor(settings, context, { homeNamespace: 'infra', agentImage: 'named' })).toMatchObject({
    homeNamespace: 'infra',
    agentNamespace: 'tools',
    agentImage: 'named',
  });
  expect(wantedFor(settings, { ...context, file: '/other' }, {})).toMatchObject({
    homeNamespace: 'webshop',
    agentImage: 'for-all',
  });
});

it('sends the binary where the nearest choice is a base image, whatever agent image is set further away', () => {
  const settings = withChoices({ ...defaultSettings, agentImage: 'for-all' }, 'production', '/kubeconfig', {
    baseImage: 'alpine',
  });
  expect(wantedFor(settings, context, {})).toMatchObject({ agentImage: '', baseImage: 'alpine' });
  expect(wantedFor(settings, context, { baseImage: 'debian' })).toMatchObject({ agentImage: '', baseImage: 'debian' });
});

it.each([
  ['the sandbox’s context on its laptop', {}, {}, true, 'sandbox.local/base:1'],
  ['another context on its laptop', { name: 'production', cluster: 'production' }, {}, true, defaultSettings.baseImage],
  ['a context that is only called so', { cluster: 'production' }, {}, true, defaultSettings.baseImage],
  ['the sandbox’s context elsewhere', {}, {}, false, defaultSettings.baseImage],
  ['an image chosen for all', {}, { baseImage: 'alpine' }, true, 'alpine'],
])('takes for %s the image that its cluster can have', (_, of, chosen, isInSandbox, image) => {
  const there = { ...context, name: 'sandbox', cluster: 'sandbox', ...of } as Context;
  const place = { invocation: 'slipway', isRoot: true, isInSandbox };
  const settings = { ...defaultSettings, ...chosen };
  expect(wantedFor(settings, there, {}, place)).toMatchObject({ baseImage: image, homeNamespace: 'webshop' });
  expect(wantedFor(settings, there, { baseImage: 'debian' }, place).baseImage).toBe('debian');
});

it('changes the choices of one context and keeps those of others and the rest of its own', () => {
  const first = withChoices(defaultSettings, 'production', '/kubeconfig', { agentNamespace: 'tools' });
  const second = withChoices(first, 'staging', '/kubeconfig', { homeNamespace: 'dev' });
  const third = withChoices(second, 'production', '/kubeconfig', { homeNamespace: 'infra' });
  expect(third.contexts.map((one) => [one.context, one.agentNamespace, one.homeNamespace])).toEqual([
    ['production', 'tools', 'infra'],
    ['staging', '', 'dev'],
  ]);
});
