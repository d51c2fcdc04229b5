/** Brings the sandbox up before the end-to-end tests and takes it down after them; SLIPWAY_KEEP_SANDBOX=1 keeps it. */
import { openSandbox } from '../../sandbox/sandbox.ts';
import { sandboxOptions } from './sandbox-options.ts';

/** Both projects of vitest.config.ts call this in one process, each with its own copy of this module. */
const shared = globalThis as { slipwaySandboxUp?: Promise<void>; slipwaySandboxUsers?: number };

async function bringUp(): Promise<void> {
  const started = Date.now();
  await openSandbox(sandboxOptions).up(({ text, seconds }) =>
    process.stdout.write(`   sandbox: ${seconds.toFixed(1)} s ${text}\n`),
  );
  process.stdout.write(`   sandbox: up after ${Math.round((Date.now() - started) / 1000)} s\n`);
}

export async function setup(): Promise<() => Promise<void>> {
  shared.slipwaySandboxUsers = (shared.slipwaySandboxUsers ?? 0) + 1;
  shared.slipwaySandboxUp ??= bringUp();
  await shared.slipwaySandboxUp;
  return async () => {
    shared.slipwaySandboxUsers = (shared.slipwaySandboxUsers ?? 1) - 1;
    if (shared.slipwaySandboxUsers === 0 && process.env.SLIPWAY_KEEP_SANDBOX !== '1') {
      await openSandbox(sandboxOptions).down();
    }
  };
}
