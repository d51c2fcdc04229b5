/**
 * Telepresence and kubevpn as further arms, by paths to their programs: none is in this repository. They get a home
 * folder of their own; what they put into the cluster is theirs to remove, by their own commands.
 */
import { accessSync, constants, statSync } from 'node:fs';
import { must, type Place, run } from '../cluster/programs.ts';
import type { Arm, Target } from './arms.ts';
import { type ArmName, arms } from './figures.ts';

/** The commands of a peer, by its documentation; its kubeconfig is KUBECONFIG. */
export interface PeerCommands {
  readonly name: ArmName;
  /** Once, before the first round. */
  readonly install?: readonly string[];
  readonly connect: readonly string[];
  readonly quit: readonly string[];
  /** Once, after the last round. */
  readonly uninstall: readonly string[];
}

/** https://telepresence.io/docs (install/manager, reference/client). `quit -s` ends its daemons, too. */
export const telepresence: PeerCommands = {
  name: arms.telepresence,
  install: ['helm', 'install'],
  connect: ['connect'],
  quit: ['quit', '-s'],
  uninstall: ['helm', 'uninstall'],
};

/** https://kubevpn.dev/docs/commands. `connect` puts its own part into the cluster. */
export const kubevpn: PeerCommands = {
  name: arms.kubevpn,
  connect: ['connect'],
  quit: ['quit'],
  uninstall: ['uninstall'],
};

/** `place` is the laptop with the peer's own environment; `program` is checked by `checkProgram` first. */
export function peerArm(commands: PeerCommands, place: Place, program: string, target: Target): Arm {
  let isInstalled = false;
  // An image may have to be pulled.
  const tell = (args: readonly string[]) => must(place, [program, ...args], { deadline: 180_000 });
  const quit = () => run(place, [program, ...commands.quit], { deadline: 60_000 });
  return {
    name: commands.name,
    resolves: true,
    async open() {
      if (!isInstalled && commands.install !== undefined) {
        await tell(commands.install);
      }
      isInstalled = true;
      try {
        await tell(commands.connect);
      } catch (error) {
        await quit(); // its daemons run already
        throw error;
      }
      return `${target.podAddress}:${target.port}`;
    },
    async close() {
      await quit();
    },
    async end() {
      if (isInstalled) {
        await run(place, [program, ...commands.uninstall], { deadline: 120_000 });
        await quit(); // uninstalling may start daemons
      }
    },
  };
}

/** Throws where this is not a program that may be run. */
export function checkProgram(option: string, path: string): void {
  try {
    accessSync(path, constants.X_OK);
    if (statSync(path).isFile()) {
      return;
    }
  } catch {
    // said below
  }
  throw new Error(`${option} ${path}: there is no program that may be run. Give the path of its executable file.`);
}
