import { rename, writeFile } from 'node:fs/promises';
import path from 'node:path';
import { output } from './commands.ts';
import { switchPort } from './lan.ts';
import type { LinkOptions } from './options.ts';
import type { Space, SpaceProgram } from './space.ts';

/** Where the emulated link of a laptop is: its program, and the file that the program reads. */
export interface LinkPaths {
  program: string;
  state: string;
  logs: string;
}

/**
 * Puts an emulated link between a laptop and the LAN's switch, changes it, or with
 * undefined takes it away. The laptop keeps its interface; frames on the way are lost.
 */
export async function setLink(
  lan: Space,
  laptop: Space,
  options: LinkOptions | undefined,
  paths: LinkPaths,
): Promise<void> {
  const name = laptop.name.replace('laptop-', '');
  const [near, far] = [switchPort(laptop), `link-${name}`];
  const settings = path.join(paths.state, `${far}.json`);
  const isThere = (await lan.run([lan.tool('ip'), 'link', 'show', far])).status === 0;
  if (!options) {
    if (!isThere) return;
    await lan.stopProgram(far);
    await lan.ip([`link delete ${far}`, `link set ${near} master switch`]);
    await segment(laptop, 'eth0', true, paths);
    return;
  }
  await writeFile(`${settings}.new`, JSON.stringify(options));
  await rename(`${settings}.new`, settings);
  if (!isThere) {
    const outer = `out-${name}`;
    await lan.ip([
      `link set ${near} nomaster`,
      `link add ${far} type veth peer name ${outer}`,
      `link set ${far} up`,
      `link set ${outer} master switch up`,
    ]);
    await segment(lan, outer, false, paths);
    await segment(laptop, 'eth0', false, paths);
  }
  await lan.keepRunning([linkProgram(near, far, settings, paths)]);
}

function linkProgram(near: string, far: string, settings: string, paths: LinkPaths): SpaceProgram {
  return {
    name: far,
    arguments: [paths.program, 'run', near, far, settings],
    environment: ['PATH=/usr/bin:/bin'],
    log: path.join(paths.logs, `${far}.log`),
  };
}

async function segment(space: Space, name: string, on: boolean, paths: LinkPaths): Promise<void> {
  await output([...space.enter(['net']), paths.program, 'segmentation', name, on ? 'on' : 'off']);
}
