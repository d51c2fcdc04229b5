/** Brings the sandbox up before the end-to-end tests and takes it down after them; SLIPWAY_KEEP_SANDBOX=1 keeps it. */
import { openSandbox } from '../../sandbox/sandbox.ts';
import { sandboxOptions } from './sandbox-options.ts';

export async function setup(): Promise<() => Promise<void>> {
  const sandbox = openSandbox(sandboxOptions);
  const started = Date.now();
  await sandbox.up(({ text, seconds }) => process.stdout.write(`   sandbox: ${seconds.toFixed(1)} s ${text}\n`));
  process.stdout.write(`   sandbox: up after ${Math.round((Date.now() - started) / 1000)} s\n`);
  return async () => {
    if (process.env.SLIPWAY_KEEP_SANDBOX !== '1') {
      await sandbox.down();
    }
  };
}
