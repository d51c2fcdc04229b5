import { describe, expect, it } from 'vitest';
import { planAddresses } from './address-plan.ts';
import { completeOptions, flavourOf, laptopName, laptopNames, type SandboxOptions } from './options.ts';

const plan = (options: SandboxOptions) => planAddresses(completeOptions(options));

describe('addresses of a sandbox', () => {
  it('follow from its ranges', () => {
    expect(plan({ nodes: 2, lan: '192.168.7.0/24', serviceRange: '172.20.0.0/16' })).toMatchObject({
      apiServer: '192.168.7.10',
      nodes: ['192.168.7.11', '192.168.7.12'],
      resolver: '192.168.7.53',
      laptops: { plain: '192.168.7.100', resolved: '192.168.7.101' },
      apiService: '172.20.0.1',
      dnsService: '172.20.0.10',
      podResolver: '172.20.0.10',
    });
  });

  it('give every laptop one of its own', () => {
    const { laptops } = plan({});
    expect(new Set(Object.values(laptops)).size).toBe(laptopNames.length);
    expect(laptops[laptopName('resolved', 3)]).toBe('10.87.0.105');
  });

  it('let pods ask their own node where NodeLocal DNS is asked for', () => {
    expect(plan({ nodeLocalDns: true }).podResolver).toBe('169.254.20.10');
  });

  it('are doubled in IPv6 where that is asked for, and only there', () => {
    expect(plan({}).ipv6).toBeUndefined();
    expect(plan({ dualStack: true, nodes: 2, lan: '192.168.7.0/24' }).ipv6).toMatchObject({
      lan: 'fd00:192:168:7::/64',
      podRange: 'fd01:10:244::/56',
      serviceRange: 'fd02:10:96::/112',
      apiServer: 'fd00:192:168:7::10',
      resolver: 'fd00:192:168:7::53',
      nodes: ['fd00:192:168:7::11', 'fd00:192:168:7::12'],
      laptops: { plain: 'fd00:192:168:7::100', resolved: 'fd00:192:168:7::101' },
    });
    expect(plan({ dualStack: true, podRange: '100.64.0.0/10', serviceRange: '172.16.0.0/12' }).ipv6).toMatchObject({
      podRange: 'fd01:100:64::/56',
      serviceRange: 'fd02:172:16::/112',
    });
  });

  it('give sandboxes of different names different LANs and interfaces', () => {
    const names = ['sandbox', 'second', 'end-to-end', 'bench', 'a-rather-long-sandbox-name'];
    const plans = names.map((name) => plan({ name }));
    expect(new Set(plans.map(({ lan }) => lan)).size).toBe(names.length);
    expect(new Set(plans.map(({ machineInterface }) => machineInterface)).size).toBe(names.length);
    // IFNAMSIZ less the final zero
    for (const { machineInterface } of plans) expect(machineInterface.length).toBeLessThanOrEqual(15);
  });

  it.each([
    [{ lan: '10.1.0.0/16' }, 'not a /24'],
    [{ serviceRange: '10.96.0.0/8' }, 'serviceRange'],
    [{ podRange: '10.244.1.0/16' }, 'bits set after its prefix'],
    [{ podRange: '10.96.0.0/16' }, 'overlaps'],
    [{ serviceRange: '10.87.0.0/16' }, 'overlaps'],
    [{ lan: '999.1.2.0/24' }, 'not an IPv4 range'],
  ])('refuse %o', (options, cause) => {
    expect(() => plan(options)).toThrow(cause);
  });
});

describe('options', () => {
  it('know laptops by name and number', () => {
    expect(laptopName('plain', 1)).toBe('plain');
    expect(flavourOf(laptopName('resolved', 2))).toBe('resolved');
    expect(() => laptopName('plain', 7)).toThrow('at most 6');
    const laptops = laptopNames.filter((name) => flavourOf(name) === 'plain');
    expect(completeOptions({ laptops }).laptops).toEqual(laptops);
  });

  it.each([
    { name: 'Upper' },
    { name: '../elsewhere' },
    { nodes: 0 },
    { nodes: Number.NaN },
    { clusterDomain: 'a..b' },
  ])('refuse %o', (options) => {
    expect(() => completeOptions(options)).toThrow('Correct the option');
  });
});
