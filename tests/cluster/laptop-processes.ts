/** Programs of ours in one laptop's network namespace. A laptop has the machine's processes, so /proc shows them. */
import { readdirSync, readFileSync, readlinkSync } from 'node:fs';

export type ProcessKind = 'core' | 'engine' | 'helper';
export const allProcesses: readonly ProcessKind[] = ['core', 'engine', 'helper'];

const commandLines: Readonly<Record<ProcessKind, RegExp>> = {
  core: /hosts\/core\/(main\.ts|start\.mjs)/,
  engine: /slipway-engine/,
  helper: /slipway-helper serve/,
};

interface LaptopProcess {
  readonly id: number;
  readonly commandLine: string;
}

/** `holder` is a process of the laptop's namespaces (Laptop.pid). */
function processesOf(holder: number): LaptopProcess[] {
  const network = readlinkSync(`/proc/${holder}/ns/net`);
  const found: LaptopProcess[] = [];
  for (const name of readdirSync('/proc')) {
    if (!/^\d+$/.test(name)) {
      continue;
    }
    try {
      if (readlinkSync(`/proc/${name}/ns/net`) === network) {
        const commandLine = readFileSync(`/proc/${name}/cmdline`, 'utf8').replaceAll('\0', ' ').trim();
        found.push({ id: Number(name), commandLine });
      }
    } catch {
      // it ended in between
    }
  }
  return found;
}

export function processIds(holder: number, kind: ProcessKind): number[] {
  return processesOf(holder)
    .filter((one) => commandLines[kind].test(one.commandLine))
    .map((one) => one.id);
}

/** Every process in the laptop's network, whosever. */
export function laptopProcessIds(holder: number): number[] {
  return processesOf(holder).map((one) => one.id);
}

/** A line for each process of ours, of whatever kind. */
export function ourCommandLines(holder: number): string {
  const ours = /slipway-(engine|helper)|hosts\/core\/(main|start)/;
  return processesOf(holder)
    .map((one) => one.commandLine)
    .filter((commandLine) => ours.test(commandLine))
    .sort()
    .join('\n');
}
