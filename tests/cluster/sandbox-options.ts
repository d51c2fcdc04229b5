/** The sandbox of the end-to-end tests: a name of its own, so that a developer's sandbox is left alone. */
import type { SandboxOptions } from '../../sandbox/options.ts';

export const sandboxOptions: SandboxOptions = {
  name: process.env.SLIPWAY_TEST_SANDBOX ?? 'end-to-end',
  laptops: ['plain', 'resolved'],
  machineLink: false,
};
