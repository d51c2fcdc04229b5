/** Bad input by the laptop: its networks, resolver, disk and TUN. */
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { must, run } from './programs.ts';
import { connected, Refusals, usual } from './refusals.ts';
import { workload } from './scene.ts';

describe('a laptop', () => {
  let refusals: Refusals;
  const product = () => refusals.productWith(refusals.kubeconfig);
  const root = (...command: string[]) => must(refusals.scene.laptop, command);

  beforeAll(async () => {
    refusals = await Refusals.begin('refusals-host');
  });
  afterAll(() => refusals.close());

  it('without /dev/net/tun', async () => {
    await root('mount', '-t', 'tmpfs', 'tmpfs', '/dev/net');
    try {
      await refusals.refused(product(), usual, {
        code: 'tun-unavailable',
        exitCode: 6,
        cause: 'no TUN device',
        fix: 'modprobe tun',
      });
    } finally {
      await root('umount', '/dev/net');
    }
  });

  it('that is on a network with every range of the cluster: connects, and reaches it by names alone', async () => {
    await root('ip', 'link', 'add', 'hall0', 'type', 'veth', 'peer', 'name', 'hall1');
    await root('ip', 'address', 'add', '10.250.0.1/8', 'dev', 'hall0');
    await root('ip', 'link', 'set', 'hall0', 'up');
    const before = await root('ip', 'route');
    const inside = product();
    try {
      await inside.connect(...usual);
      const { routes, degraded } = await connected(inside);
      expect(new Set(routes.map(({ decision, interface: on }) => `${decision} ${on}`))).toEqual(
        new Set(['mapped hall0']),
      );
      expect(degraded).toEqual([]);
      await root('curl', '-sS', '-m', '5', `http://${workload.http.fullName}/`);
      const address = await refusals.scene.cluster.serviceAddress(workload.http.namespace, workload.http.service);
      expect(await root('ip', 'route', 'get', address)).toContain('dev hall0');
      await inside.disconnect();
      expect(await root('ip', 'route')).toBe(before);
    } finally {
      await inside.disconnect();
      await root('ip', 'link', 'delete', 'hall0');
    }
    expect(await refusals.scene.left()).toEqual([]);
  });

  it('whose resolver cannot be set: connects without names and says so', async () => {
    const script = [
      'cat /etc/resolv.conf > /run/fixed-resolv.conf',
      'mount --bind /run/fixed-resolv.conf /etc/resolv.conf',
      'mount -o remount,ro,bind /etc/resolv.conf',
    ];
    await root('sh', '-c', script.join(' && '));
    const nameless = product();
    try {
      await nameless.connect(...usual);
      const { degraded } = await connected(nameless);
      expect(degraded.map(({ code }) => code)).toContain('resolver-unset');
      const address = await refusals.scene.cluster.serviceAddress(workload.http.namespace, workload.http.service);
      await root('curl', '-sS', '-m', '5', `http://${address}/`);
      await nameless.disconnect();
    } finally {
      await root('umount', '/etc/resolv.conf');
      await run(refusals.scene.laptop, ['rm', '-f', '/run/fixed-resolv.conf']);
    }
    await refusals.expectUnchanged(nameless);
  });

  it('whose disk of journals is full: refuses before touching anything', async () => {
    await root('mount', '-t', 'tmpfs', '-o', 'size=16k,nr_inodes=4', 'tmpfs', '/var/lib/slipway');
    const refused = product();
    try {
      await run(refusals.scene.laptop, ['sh', '-c', 'head -c 65536 /dev/zero > /var/lib/slipway/filler']);
      const outcome = await refused.slipway(['connect', ...usual]);
      expect(outcome.stderr).toContain('[journal-unwritable]');
      expect(outcome.stderr).toContain('Free some space');
      expect(outcome.code).toBe(6);
      await refused.disconnect();
    } finally {
      await root('umount', '/var/lib/slipway');
    }
    await refusals.expectUnchanged(refused);
  });

  it('and all that: nothing is left', () => refusals.expectNothingLeft());
});
