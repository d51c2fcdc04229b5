/** A laptop that goes to another network: another address, or another interface, with the same way out. */
import { must, run } from './programs.ts';
import type { Scene } from './scene.ts';

interface Attachment {
  readonly device: string;
  readonly gateway: string;
  /** With its prefix's length. */
  readonly address: string;
}

async function attachment(scene: Scene): Promise<Attachment> {
  const route = await must(scene.laptop, ['ip', '-o', '-4', 'route', 'show', 'default']);
  const device = /dev (\S+)/.exec(route)?.[1] ?? '';
  const shown = await must(scene.laptop, ['ip', '-o', '-4', 'address', 'show', 'dev', device]);
  return { device, gateway: /via (\S+)/.exec(route)?.[1] ?? '', address: / inet (\S+)/.exec(shown)?.[1] ?? '' };
}

const inLaptop = (scene: Scene, lines: readonly string[]) => must(scene.laptop, ['sh', '-ec', lines.join('\n')]);

/** Gives the laptop another address in its LAN. Answers what takes it back. */
export async function moveAddress(scene: Scene): Promise<() => Promise<void>> {
  const { device, gateway, address } = await attachment(scene);
  const moved = address.replace(/^.*\//, `${scene.spareAddress}/`);
  const change = async (from: string, to: string) => {
    await inLaptop(scene, [
      `ip address delete ${from} dev ${device}`,
      `ip address add ${to} broadcast + dev ${device}`,
      `ip route replace default via ${gateway} dev ${device}`,
    ]);
  };
  await change(address, moved);
  return () => change(moved, address);
}

/** From cable to wireless: another interface with another address has the default route, the first has nothing. */
export async function moveLink(scene: Scene): Promise<() => Promise<void>> {
  const { device, gateway, address } = await attachment(scene);
  const moved = address.replace(/^.*\//, `${scene.spareAddress}/`);
  await inLaptop(scene, [
    `ip link add wlan0 link ${device} type macvlan mode bridge`,
    'ip link set wlan0 up',
    `ip address delete ${address} dev ${device}`,
    `ip address add ${moved} broadcast + dev wlan0`,
    `ip route replace default via ${gateway} dev wlan0`,
  ]);
  return async () => {
    await run(scene.laptop, ['ip', 'link', 'delete', 'wlan0']);
    await inLaptop(scene, [
      `ip address add ${address} broadcast + dev ${device}`,
      `ip route replace default via ${gateway} dev ${device}`,
    ]);
  };
}

/** Neither address nor route, as between two networks. */
export async function withoutNetwork(scene: Scene): Promise<() => Promise<void>> {
  const { device, gateway, address } = await attachment(scene);
  await inLaptop(scene, [`ip link set ${device} down`, `ip address delete ${address} dev ${device}`]);
  return async () => {
    await inLaptop(scene, [
      `ip address add ${address} broadcast + dev ${device}`,
      `ip link set ${device} up`,
      `ip route replace default via ${gateway} dev ${device}`,
    ]);
  };
}
