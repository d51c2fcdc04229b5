import { expect, it } from 'vitest';
import { checkContainers } from '../diagnostics/check-containers.ts';
import type { NamesInForce } from '../engine-messages.ts';
import { CoreHarness } from './core-harness.ts';

const names = (mode: string): NamesInForce => ({
  ...{ mode, resolver: '198.18.0.3', domains: [], search: [], upstreams: [], refused: [] },
});
const others = ['lo', 'eth0', 'slipway0', 'br0', 'br-lan', 'virbr0', 'veth1a2b3c4', 'docker_gwbridge'];

it.each<[string, string, readonly string[], string | null]>([
  ['no container at all', 'resolved', [], null],
  ['Docker’s first network, beside systemd-resolved', 'resolved', ['docker0'], 'warning docker0'],
  ['Podman’s', 'resolved', ['podman0'], 'warning podman0'],
  ['Podman’s of old', 'resolved', ['cni-podman0', 'br-0a1b2c3d4e5f'], 'warning cni-podman0'],
  ['one that the user made', 'resolved', ['br-0a1b2c3d4e5f'], 'good br-0a1b2c3d4e5f'],
  ['Docker’s first network, beside resolv.conf', 'resolv-conf', ['docker0', 'podman1'], 'good docker0'],
  ['another cluster’s names in force', 'elsewhere', ['docker0'], null],
  ['no names in force', 'off', ['docker0'], null],
])('names in containers: %s', (_, mode, links, expected) => {
  const check = checkContainers([...others, ...links], names(mode));
  expect(check === null ? null : `${check.state} ${check.said?.values.bridges}`).toBe(expected);
});

it('doctor tells how a container gets the names, with the command to copy, and nothing before a connect', async () => {
  const harness = new CoreHarness();
  harness.world.host.links = ['docker0'];
  harness.world.host.resolverMode = 'resolved';
  const containers = async () => {
    const answer = await harness.call('runChecks', {});
    return answer.ok ? answer.value.checks.find(({ check }) => check === 'containers') : expect.fail('no answer');
  };
  expect(await containers()).toBeUndefined();
  await harness.connect();
  expect(await containers()).toMatchObject({ state: 'warning', problem: { code: 'container-names' } });
  expect((await containers())?.problem?.fixes.map(({ text }) => text)).toContain('docker run --dns 198.18.0.3 IMAGE');
});
