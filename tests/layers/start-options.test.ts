/** What `connect` takes, `start` takes and means, too: with a window, in a terminal, in the sandbox, or it says why not. */
import { mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join, relative } from 'node:path';
import type { Command } from 'commander';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { type ConnectFlags, choicesOf, optionsOf } from '../../app/hosts/cli/connect-options.ts';
import { startInSandbox } from '../../app/hosts/cli/sandbox-commands.ts';
import { objectionTo } from '../../app/hosts/cli/start.ts';
import { type RealCommandLine, realCommandLine } from './real-command-line.ts';

const folder = mkdtempSync(join(tmpdir(), 'slipway-start-'));
const file = join(folder, 'agent-pod.yaml');

/** Each option with a value, as it reaches the core, and what a window keeps. */
const options: readonly (readonly [keyof ConnectFlags, string[], object, object | null])[] = [
  ['namespace', ['-n', 'shop'], { homeNamespace: 'shop' }, { homeNamespace: 'shop' }],
  ['agentNamespace', ['--agent-namespace', 'infra'], { agentNamespace: 'infra' }, { agentNamespace: 'infra' }],
  ['agentImage', ['--agent-image', 'a:1'], { agentImage: 'a:1' }, { agentImage: 'a:1' }],
  ['baseImage', ['--base-image', 'b:1'], { baseImage: 'b:1' }, { agentImage: '', baseImage: 'b:1' }],
  [
    'answersFor',
    ['--answers-for', 'K8s.example.com.'],
    { answersFor: 'k8s.example.com' },
    { answersFor: 'k8s.example.com' },
  ],
  ['answersFor', ['--answers-for', 'none'], { answersFor: '' }, { answersFor: '' }],
  [
    'agentPodFile',
    ['--agent-pod-file', relative(process.cwd(), file)],
    { agentPodPatch: '{"metadata":{"labels":{"team":"payments"}}}' },
    { agentPodPatch: '{"metadata":{"labels":{"team":"payments"}}}' },
  ],
  ['agentPodFile', ['--agent-pod-file', 'none'], { agentPodPatch: '' }, { agentPodPatch: '' }],
  ['trustExec', ['--trust-exec'], { trustExec: true }, null],
  ['proxy', ['--proxy'], { proxy: true }, null],
];

describe('start', () => {
  let line: RealCommandLine;
  const flagsOf = async (words: readonly string[]) => {
    expect(await line.refusal(words)).toBe(null);
    return startCommand().opts<ConnectFlags>();
  };
  const named = (name: string) => line.commands.find(({ path }) => path.join(' ') === name)?.command as Command;
  const startCommand = () => named('start');

  beforeAll(async () => {
    writeFileSync(file, 'metadata:\n  labels:\n    team: payments\n');
    line = await realCommandLine();
  });
  afterAll(() => rmSync(folder, { recursive: true, force: true }));

  it('is tried with every option of connect but the form of what that prints', () => {
    const tried = new Set<string>(options.map(([name]) => name));
    const attributes = named('connect').options.map((option) => option.attributeName());
    expect(attributes.filter((name) => !tried.has(name))).toEqual(['output']);
  });

  it.each(options)('means %s %s everywhere', async (_, words, asked, kept) => {
    const flags = await flagsOf(['start', 'team', ...words]);
    const given = await optionsOf('team', flags);
    expect(given).toMatchObject({ context: 'team', ...asked });
    for (const hasWindow of [true, false]) {
      const objection = objectionTo('team', flags, { hasWindow, hasKubeconfig: false });
      expect(objection).toEqual(kept === null && hasWindow ? expect.stringContaining(words[0] ?? '') : null);
    }
    expect(choicesOf(given)).toEqual(kept ?? {});
    expect(objectionTo('', { ...flags, fake: true }, { hasWindow: true, hasKubeconfig: false })).toContain('--fake');
    for (const inTerminal of [true, false]) {
      const inside = await flagsOf(startInSandbox('team', flags, inTerminal));
      expect(line.called()).toEqual(['start', 'team']);
      expect(inside).toMatchObject({ ...(inTerminal ? { terminal: true } : {}) });
      expect(await optionsOf('team', inside)).toMatchObject(asked);
    }
  });

  it('means the context of the sandbox there, where none is named', async () => {
    expect(await flagsOf(startInSandbox('', {}, true))).toEqual({ terminal: true });
    expect(line.called()).toEqual(['start', 'sandbox']);
  });

  it.each([
    ['team', { fake: true }, false, 'team would mean nothing'],
    ['', { fake: true, terminal: true, inSandbox: true }, false, '--in-sandbox, --terminal would mean nothing'],
    ['', { fake: true }, true, '--kubeconfig would mean nothing'],
    ['', { inSandbox: true }, true, 'a kubeconfig of its own'],
    ['', { fake: true }, false, null],
    ['team', { inSandbox: true, terminal: true }, false, null],
  ])('says what cannot count together: %s %o', (context, flags, hasKubeconfig, because) => {
    const objection = objectionTo(context, flags, { hasWindow: false, hasKubeconfig });
    expect(objection).toEqual(because === null ? null : expect.stringContaining(because));
  });

  it('prints nothing in a form, so that it refuses one', async () => {
    expect(await line.refusal(['start', '-o', 'json'])).toContain("unknown option '-o'");
  });
});
