import path from 'node:path';
import type { AddressPlan } from './address-plan.ts';
import { output, run } from './commands.ts';
import type { Space, SpaceDefinition, SpaceProgram } from './space.ts';

/**
 * The LAN is a bridge in a space of its own: there no firewall of this machine sees its
 * packets (br_netfilter acts per namespace). Its router forwards nothing, so what the
 * laptop sends to a pod's address ends there.
 */
export function lanDefinition(cgroup: string): SpaceDefinition {
  return { processNamespace: true, cgroup, steps: [], settings: { 'net/ipv4/ip_forward': '0' } };
}

/** Makes the bridge with the router's, the resolver's and the outside addresses, if it is not there. */
export async function buildLan(lan: Space, plan: AddressPlan): Promise<void> {
  if ((await lan.run([lan.tool('ip'), 'link', 'show', 'switch'])).status === 0) return;
  const office = new Set([plan.gateway, ...Object.values(plan.outside)]);
  await lan.ip([
    'link add switch type bridge',
    ...[...office].map((address) =>
      inRange(address, plan.lan) ? `address add ${address}/24 dev switch` : `address add ${address}/32 dev lo`,
    ),
    ...(plan.ipv6
      ? [plan.ipv6.gateway, plan.ipv6.resolver, plan.ipv6.localResolver].map(
          (address) => `address add ${address}/64 dev switch nodad`,
        )
      : []),
    'link set switch up',
  ]);
  const silence =
    'for file in iptables ip6tables arptables; do echo 0 > /proc/sys/net/bridge/bridge-nf-call-$file; done';
  await lan.run(['sh', '-c', `[ ! -d /proc/sys/net/bridge ] || { ${silence}; }`], { ownProcesses: true });
}

function inRange(address: string, range: string): boolean {
  return address.startsWith(range.replace(/\.\d+\/\d+$/, '.'));
}

/** The LAN's end of a space's cable. IFNAMSIZ leaves 15 characters. */
export function switchPort(space: Space): string {
  return space.name.length <= 15 ? space.name : space.name.replace('laptop-', '');
}

/** Connects a space, if it is not yet, to the LAN as eth0 with the LAN's router as its default route, in both families where there are two. */
export async function plugIn(
  lan: Space,
  space: Space,
  address: string,
  addressIPv6: string | undefined,
  plan: AddressPlan,
): Promise<void> {
  if ((await space.run([space.tool('ip'), 'link', 'show', 'eth0'])).status === 0) return;
  await lan.ip([
    `link add ${switchPort(space)} type veth peer name eth0 netns ${space.pid}`,
    `link set ${switchPort(space)} master switch up`,
  ]);
  await space.ip([
    `address add ${address}/24 brd + dev eth0`,
    'link set eth0 up',
    `route add default via ${plan.gateway}`,
    ...(plan.ipv6 && addressIPv6
      ? [`address add ${addressIPv6}/64 dev eth0 nodad`, `route add default via ${plan.ipv6.gateway}`]
      : []),
  ]);
}

/** Gives this machine itself an interface in the LAN: one veth, one /24 route, nothing else. */
export async function linkMachine(lan: Space, plan: AddressPlan): Promise<void> {
  const name = plan.machineInterface;
  if ((await run([lan.tool('ip'), 'link', 'show', name])).status === 0) return;
  await output([lan.tool('ip'), 'link', 'add', name, 'type', 'veth', 'peer', 'name', 'machine', 'netns', `${lan.pid}`]);
  await lan.ip(['link set machine master switch up']);
  await output([lan.tool('ip'), 'address', 'add', `${plan.machine}/24`, 'dev', name]);
  if (plan.ipv6) {
    await output([lan.tool('ip'), 'address', 'add', `${plan.ipv6.machine}/64`, 'dev', name, 'nodad']);
  }
  await output([lan.tool('ip'), 'link', 'set', name, 'up']);
}

/** The office: resolver and the few web servers outside of the cluster. */
export function officeProgram(plan: AddressPlan, programs: string, logs: string): SpaceProgram {
  const names = Object.entries(plan.outside).map(([name, address]) => `${name}=${address}`);
  const resolvers = plan.ipv6
    ? [plan.resolver, plan.ipv6.resolver, `${plan.ipv6.localResolver}%switch`]
    : [plan.resolver];
  const web = Object.values(plan.outside).filter((address) => address !== plan.resolver);
  return {
    name: 'office',
    arguments: [
      path.join(programs, 'office'),
      `-resolver=${resolvers.join(',')}`,
      `-web=${[...new Set(web)].join(',')}`,
      `-names=${names.join(',')}`,
      `-queries=${path.join(logs, 'office-queries.log')}`,
    ],
    environment: ['PATH=/usr/bin:/bin'],
    log: path.join(logs, 'office.log'),
  };
}
