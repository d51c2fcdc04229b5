/** Images for agents, written without Docker and put into every node. */
import { readFileSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { imageArchive } from '../../sandbox/image-archive.ts';
import type { Scene } from './scene.ts';

const native = join(import.meta.dirname, '../../native/bin');

/** An image with the agent inside, as `npm run agent-image` makes one. Answers its name. */
export function importAgentImage(scene: Scene, folder: string): Promise<string> {
  return importImage(scene, folder, 'sandbox.local/slipway-agent:1', 'slipway-agent');
}

/** An image whose agent is another program: it says how it is used and ends with 2. */
export function importCrashingImage(scene: Scene, folder: string): Promise<string> {
  return importImage(scene, folder, 'sandbox.local/crashing-agent:1', 'slipway-helper');
}

async function importImage(scene: Scene, folder: string, name: string, program: string): Promise<string> {
  const file = join(folder, `${program}.tar`);
  const entry = { path: 'slipway-agent', content: readFileSync(join(native, program)), mode: 0o755 };
  const configuration = { Entrypoint: ['/slipway-agent'], User: '65532:65532' };
  writeFileSync(file, imageArchive(name, configuration, [entry]));
  await scene.sandbox.importImage(file);
  return name;
}
