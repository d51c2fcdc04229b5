import { chmodSync, mkdirSync, mkdtempSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterEach, beforeEach, describe, expect, it } from 'vitest';
import { checkProgram, kubevpn, peerArm, telepresence } from './peers.ts';

const target = {
  podAddress: '10.1.0.7',
  podRange: '10.1.0.0/24',
  nodeAddress: '192.0.2.1',
  namespace: 'bench',
  pod: 'load',
  port: 9000,
};

/** A program in the peer's place: it writes down how it is called, and fails at `failing`. The real ones are not in the repository. */
describe.skipIf(process.platform === 'win32')('an arm by a path', () => {
  let folder: string;
  beforeEach(() => {
    folder = mkdtempSync(join(tmpdir(), 'slipway-peers-'));
  });
  afterEach(() => rmSync(folder, { recursive: true, force: true }));

  function fake(failing = 'nothing'): string {
    const program = join(folder, 'peer');
    const script = `#!/bin/sh\necho "$*" >> ${folder}/calls\nif [ "$1" = ${failing} ]; then echo no image >&2; exit 1; fi\n`;
    writeFileSync(program, script);
    chmodSync(program, 0o755);
    return program;
  }
  const calls = () => readFileSync(join(folder, 'calls'), 'utf8').trim().split('\n');
  const place = { enter: [], environment: { PATH: '/usr/bin:/bin' } };

  it.each([
    [telepresence, ['helm install', 'connect', 'quit -s', 'connect', 'quit -s', 'helm uninstall', 'quit -s']],
    [kubevpn, ['connect', 'quit', 'connect', 'quit', 'uninstall', 'quit']],
  ])('$name is installed once, opened and closed each round, and removed', async (commands, expected) => {
    const arm = peerArm(commands, place, fake(), target);
    for (let round = 1; round <= 2; round++) {
      expect(await arm.open()).toBe('10.1.0.7:9000');
      await arm.close();
    }
    await arm.end?.();
    expect(calls()).toEqual(expected);
  });

  it('ends its daemons where it could not connect, and says what it said', async () => {
    const arm = peerArm(kubevpn, place, fake('connect'), target);
    await expect(arm.open()).rejects.toThrow('no image');
    expect(calls()).toEqual(['connect', 'quit']);
  });

  it('removes nothing where it was never opened', async () => {
    const program = fake();
    await peerArm(telepresence, place, program, target).end?.();
    expect(() => calls()).toThrow();
  });

  it('refuses a path that is no program before anything is brought up', () => {
    const text = join(folder, 'text');
    writeFileSync(text, '');
    mkdirSync(join(folder, 'folder'));
    for (const name of ['text', 'folder', 'missing']) {
      expect(() => checkProgram('--kubevpn', join(folder, name))).toThrow(`--kubevpn ${join(folder, name)}`);
    }
    expect(() => checkProgram('--kubevpn', fake())).not.toThrow();
  });
});
