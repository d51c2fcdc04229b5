/** Programs of another version, made from these sources with another protocol number: real ones, not imitations. */
import { execFile } from 'node:child_process';
import { cpSync, mkdirSync, readFileSync, symlinkSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { promisify } from 'node:util';
import { protocolNumber } from '../../app/contract/index.ts';
import { engineProtocol } from '../../app/core/engine-messages.ts';

const root = join(import.meta.dirname, '../..');
const native = join(root, 'native');

/** The number that the programs of another version speak. */
export const otherProtocol = 99;

const programs = ['slipway-engine', 'slipway-helper', 'slipway-agent'] as const;
export type NativeProgram = (typeof programs)[number];

/** Builds agent and helper of another version into `folder`. */
export async function buildOtherNative(folder: string): Promise<void> {
  const source = join(native, 'internal/wire/problem.go');
  const changed = join(folder, 'problem.go');
  writeFileSync(changed, replaced(source, `const Protocol = ${engineProtocol}`, `const Protocol = ${otherProtocol}`));
  const overlay = join(folder, 'overlay.json');
  writeFileSync(overlay, JSON.stringify({ Replace: { [source]: changed } }));
  await promisify(execFile)(
    'go',
    [
      'build',
      '-trimpath',
      '-buildvcs=false',
      `-overlay=${overlay}`,
      '-o',
      folder,
      './cmd/slipway-helper',
      './cmd/slipway-agent',
    ],
    { cwd: native, env: { ...process.env, CGO_ENABLED: '0' } },
  );
}

/** A folder of native programs as these are, but for the given ones; null leaves one out. Answers it. */
export function nativeWith(folder: string, others: Partial<Record<NativeProgram, string | null>>): string {
  mkdirSync(folder, { recursive: true });
  for (const name of [...programs, 'build'] as const) {
    const other = name === 'build' ? undefined : others[name];
    if (other !== null) {
      symlinkSync(other ?? join(native, 'bin', name), join(folder, name));
    }
  }
  return folder;
}

/** Sources of the core of another version in `folder`. Answers its program. */
export function copyOtherCore(folder: string): string {
  cpSync(join(root, 'app'), join(folder, 'app'), { recursive: true });
  cpSync(join(root, 'package.json'), join(folder, 'package.json'));
  symlinkSync(join(root, 'node_modules'), join(folder, 'node_modules'));
  const transport = join(folder, 'app/contract/transport.ts');
  writeFileSync(
    transport,
    replaced(transport, `protocolNumber = ${protocolNumber};`, `protocolNumber = ${otherProtocol};`),
  );
  return join(folder, 'app/hosts/core/main.ts');
}

function replaced(file: string, search: string, replacement: string): string {
  const text = readFileSync(file, 'utf8');
  if (!text.includes(search)) {
    throw new Error(`${file} has no ${search}`);
  }
  return text.replace(search, replacement);
}
