import { defineConfig } from 'vitest/config';
import { LongestFirst } from './tests/cluster/longest-first.ts';
import { workers } from './tests/cluster/sandbox-options.ts';

const endToEnd = {
  globalSetup: ['tests/cluster/global-setup.ts'],
  testTimeout: 120_000,
  hookTimeout: 900_000,
};

export default defineConfig({
  test: {
    sequence: { sequencer: LongestFirst },
    projects: [
      {
        test: {
          name: 'unit',
          include: [
            'app/**/*.test.ts',
            'main/**/*.test.ts',
            'renderer/**/*.test.{ts,tsx}',
            'sandbox/**/*.test.ts',
            'scripts/**/*.test.ts',
            'tests/agent-pod/**/*.test.ts',
            'tests/kubeconfig/**/*.test.ts',
            'tests/layers/**/*.test.ts',
            'tests/bench/**/*.test.ts',
            'tests/soak/**/*.test.ts',
          ],
          testTimeout: 15_000,
          hookTimeout: 60_000, // a hook may import the whole command line, on a machine that is busy
          // One process for many files, which leave nothing of theirs behind: most of their time was starting and importing.
          isolate: false,
          maxWorkers: 3, // some wait for the clock
        },
      },
      {
        test: {
          name: 'gui',
          include: ['tests/gui/*.test.ts'],
          globalSetup: ['tests/gui/global-setup.ts'],
          testTimeout: 180_000,
          hookTimeout: 180_000,
          isolate: false, // as above
          maxWorkers: 2,
          sequence: { groupOrder: 3 },
        },
      },
      {
        test: {
          name: 'electron',
          include: ['tests/gui/electron/*.test.ts'],
          globalSetup: ['tests/gui/electron/global-setup.ts'],
          testTimeout: 60_000,
          hookTimeout: 60_000,
          maxWorkers: 1,
          sequence: { groupOrder: 4 },
        },
      },
      {
        test: {
          name: 'packages',
          include: ['tests/packages/*.test.ts'],
          globalSetup: ['tests/packages/global-setup.ts'],
          testTimeout: 60_000,
          hookTimeout: 60_000,
          sequence: { groupOrder: 5 },
        },
      },
      {
        test: {
          ...endToEnd,
          name: 'cluster',
          include: ['tests/cluster/**/*.test.ts'],
          exclude: ['**/*.alone.test.ts'],
          isolate: false, // as above
          maxWorkers: workers,
          sequence: { groupOrder: 1 },
        },
      },
      {
        // What breaks the cluster for everybody: one file after the other, after all that run side by side.
        test: {
          ...endToEnd,
          name: 'cluster-alone',
          include: ['tests/cluster/**/*.alone.test.ts'],
          maxWorkers: 1,
          sequence: { groupOrder: 2 },
        },
      },
    ],
  },
});
