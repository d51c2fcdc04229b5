/**
 * The measure of reading kubeconfigs is kubectl: the one that the sandbox is built with reads the same files.
 * `SLIPWAY_KUBECONFIG_SEED` and `SLIPWAY_KUBECONFIG_CASES` try others; a failure names its seed.
 */
import { readFileSync } from 'node:fs';
import { mkdir, mkdtemp, readdir, readFile, rm, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterAll, beforeAll, describe, expect, test } from 'vitest';
import { testdata } from '../../app/adapters/testing/api-server.ts';
import { BuildCache } from '../../sandbox/build-cache.ts';
import { buildKubernetes } from '../../sandbox/go-builds.ts';
import { cacheFolder } from '../../sandbox/options.ts';
import { kubectl, kubectlReads, slipwayPort, slipwayReads } from './both-readers.ts';
import { Chance, oddKubeconfig } from './odd-kubeconfigs.ts';

const shapes = join(import.meta.dirname, 'testdata');
let program = '';
let folder = '';
beforeAll(async () => {
  program = join(await buildKubernetes(new BuildCache(cacheFolder()), () => {}), 'kubectl');
  folder = await mkdtemp(join(tmpdir(), 'slipway-differential-'));
}, 1_800_000);
afterAll(() => rm(folder, { recursive: true, force: true }));

async function difference(files: readonly string[]): Promise<string | null> {
  const [theirs, ours] = await Promise.all([kubectlReads(program, files), slipwayReads(files)]);
  const form = ({ refusal, ...reading }: typeof ours) => JSON.stringify(refusal === null ? sorted(reading) : 'refused');
  return form(theirs) === form(ours)
    ? null
    : `kubectl: ${theirs.refusal ?? form(theirs)}\nslipway: ${ours.refusal ?? form(ours)}`;
}

function sorted(value: unknown): unknown {
  if (Array.isArray(value)) return value.map(sorted);
  if (typeof value !== 'object' || value === null) return value;
  return Object.entries(value)
    .sort(([one], [other]) => (one < other ? -1 : 1))
    .map(([key, given]) => [key, sorted(given)]);
}

describe('kubectl and Slipway read the same of', () => {
  test('what tools write', async () => {
    for (const name of await readdir(shapes)) {
      expect(await difference([join(shapes, name)]), name).toBeNull();
    }
  });

  test('five hundred contexts', async () => {
    const names = Array.from({ length: 500 }, (_, index) => `tenant-${index}`);
    const exec = '{apiVersion: client.authentication.k8s.io/v1, command: not-installed, interactiveMode: Never}';
    const text = [
      'clusters:',
      ...names.map((name) => `- {name: ${name}, cluster: {server: "https://${name}.example:6443"}}`),
      'users:',
      ...names.map((name) => `- {name: ${name}, user: {exec: ${exec}}}`),
      'contexts:',
      ...names.map((name) => `- {name: ${name}, context: {cluster: ${name}, user: ${name}}}`),
    ].join('\n');
    const file = join(folder, 'fleet');
    await writeFile(file, text);
    expect(await difference([file])).toBeNull();
  });

  test('files that entries name, from the folder of the file they are in', async () => {
    const server = readFileSync(join(testdata, 'server.pem'), 'utf8');
    for (const [place, authority] of [
      ['one', server],
      ['two', server.replaceAll('\n', '\r\n')],
    ] as const) {
      await mkdir(join(folder, place, 'pki'), { recursive: true });
      await writeFile(join(folder, place, 'pki/ca.pem'), authority);
      await writeFile(join(folder, place, 'token'), `${place}\n`);
    }
    const one = join(folder, 'one/config');
    const two = join(folder, 'two/config');
    const cluster = 'cluster: {server: "https://h", certificate-authority: pki/ca.pem}';
    await writeFile(one, `clusters: [{name: a, ${cluster}}]\nusers: [{name: u, user: {tokenFile: token}}]\n`);
    await writeFile(
      two,
      `current-context: b\nclusters: [{name: a, ${cluster}}, {name: b, ${cluster}}]\ncontexts: [{name: a, context: {cluster: a}}, {name: b, context: {cluster: b, user: u, namespace: team}}]\n`,
    );
    const port = await slipwayPort([one, two], folder);
    for (const name of ['a', 'b']) {
      const words = ['config', 'view', '--minify', '--flatten', '--context', name, '--output', 'json'];
      const theirs = JSON.parse(await kubectl(program, [one, two], ...words));
      const context = (await port.listContexts([])).contexts.find((one) => one.name === name) ?? expect.fail(name);
      const opened = await port.open(context);
      const { cluster } = theirs.clusters[0];
      expect(opened).toMatchObject({
        value: {
          address: {
            server: cluster.server,
            certificateAuthority: Buffer.from(cluster['certificate-authority-data'], 'base64').toString(),
          },
        },
      });
      expect(context.namespace).toBe(theirs.contexts[0].context.namespace ?? 'default');
      expect(context.current).toBe(name === 'b');
      expect(context.credentialFiles).toEqual(
        theirs.users?.map((user: { user: { tokenFile: string } }) => join(folder, 'one', user.user.tokenFile)) ?? [],
      );
      if (opened.ok) {
        opened.value.close();
      }
    }
    const listed = await kubectl(program, [one, two], 'config', 'get-contexts', '-o', 'name');
    expect((await port.listContexts([])).contexts.map(({ name }) => name)).toEqual(listed.trim().split('\n'));
  });

  test('odd files, alone and merged', async () => {
    const seed = Number(process.env.SLIPWAY_KUBECONFIG_SEED ?? 1);
    const cases = Number(process.env.SLIPWAY_KUBECONFIG_CASES ?? 80);
    const found: string[] = [];
    for (let number = seed; number < seed + cases; number++) {
      const chance = new Chance(number);
      const files: string[] = [];
      for (let index = chance.isOneIn(4) ? 1 : 0; index >= 0; index--) {
        const file = join(folder, `${number}-${index}`);
        await writeFile(file, oddKubeconfig(chance));
        files.push(file);
      }
      const different = await difference(files);
      if (different !== null) {
        const contents = await Promise.all(files.map((file) => shrunk(file, files)));
        found.push(`seed ${number}:\n${await difference(files)}\n${contents.join('\n--- next file\n')}`);
      }
    }
    expect(found.length, found.join('\n\n')).toBe(0);
  }, 600_000);
});

/** Takes lines out of a file as long as the two still differ, in place; its text then. */
async function shrunk(file: string, files: readonly string[]): Promise<string> {
  let bytes = await readFile(file);
  for (let line = 0; line < bytes.toString('latin1').split('\n').length; ) {
    const lines = bytes.toString('latin1').split('\n');
    await writeFile(file, Buffer.from(lines.toSpliced(line, 1).join('\n'), 'latin1'));
    if ((await difference(files)) === null) {
      await writeFile(file, bytes);
      line++;
    } else {
      bytes = await readFile(file);
    }
  }
  return JSON.stringify(bytes.toString());
}
