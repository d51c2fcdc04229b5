/**
 * Who may import whom (docs/architecture.md). The linter says it while writing; this test also sees folders that the
 * linter's patterns cannot tell apart, and imports of packages. What the root helper may link is checked by a
 * test of its own in Go.
 */
import { existsSync, readdirSync, readFileSync } from 'node:fs';
import { join, relative, resolve, sep } from 'node:path';
import { describe, expect, it } from 'vitest';
import { importsOf as importsOfPath } from './imports.ts';

const root = join(import.meta.dirname, '../..');

interface Layer {
  /** Folders that this one may import from, besides itself. A file is named with its ending, files by a star. */
  readonly ours: readonly string[];
  /** Packages, by name or by prefix with a star. */
  readonly packages: readonly string[];
}

const layers: Readonly<Record<string, Layer>> = {
  'app/contract': { ours: [], packages: ['zod', 'ipaddr.js'] },
  'app/core': { ours: ['app/contract'], packages: ['zod', 'ipaddr.js'] },
  'app/fakes': {
    ours: [
      'app/contract',
      ...['ports', 'engine-messages', 'flow-messages', 'route-messages'].map((name) => `app/core/${name}.ts`),
    ],
    packages: ['node:*', 'ipaddr.js', 'yaml'],
  },
  'app/adapters': {
    ours: ['app/contract', 'app/core/ports.ts', 'app/core/engine-messages.ts'],
    packages: ['*'],
  },
  'app/hosts': { ours: ['app/contract', 'app/core', 'app/adapters', 'app/fakes', 'sandbox'], packages: ['*'] },
  main: { ours: ['app/contract', 'app/hosts', 'renderer/words/*.json'], packages: ['*'] },
  renderer: { ours: ['app/contract'], packages: ['*'] },
  sandbox: { ours: ['app/contract'], packages: ['*'] },
};

/** Never in these layers, whatever the table says. */
const banned: Readonly<Record<string, readonly string[]>> = {
  'app/contract': ['node:*', 'electron', 'react'],
  'app/core': ['node:*', 'electron', 'react', '@kubernetes/*'],
  'app/adapters': ['electron', 'react'],
  'app/hosts': ['electron', 'react'],
  renderer: ['node:*', 'electron', '@kubernetes/*'],
  sandbox: ['electron', 'react'],
};

/** Tests and what only they use may reach further: they bring the layers together. */
const isTest = (file: string) => /(\.test\.tsx?|-harness\.ts|-samples\.ts)$/.test(file) || file.includes('port-tests');

function filesOf(folder: string): string[] {
  if (!existsSync(join(root, folder))) {
    return [];
  }
  return readdirSync(join(root, folder), { recursive: true, withFileTypes: true })
    .filter((entry) => entry.isFile() && /\.(ts|tsx|mts)$/.test(entry.name) && !entry.name.endsWith('.d.ts'))
    .map((entry) => relative(root, join(entry.parentPath, entry.name)).split(sep).join('/'))
    .filter((file) => !file.includes('node_modules'));
}

const importsOf = (file: string) => importsOfPath(join(root, file));

function matches(name: string, patterns: readonly string[]): boolean {
  return patterns.some((pattern) => {
    const [start = '', end] = pattern.split('*');
    return end === undefined
      ? name === pattern || name.startsWith(`${pattern}/`)
      : name.startsWith(start) && name.endsWith(end);
  });
}

/** Why this import is not allowed; null where it is. */
function objection(layer: string, file: string, specifier: string): string | null {
  const rule = layers[layer];
  if (rule === undefined) {
    return 'no such layer';
  }
  if (!specifier.startsWith('.')) {
    const isAllowed = matches(specifier, rule.packages) && !matches(specifier, banned[layer] ?? []);
    return isAllowed ? null : `${file} imports the package ${specifier}`;
  }
  const target = relative(root, resolve(root, file, '..', specifier))
    .split(sep)
    .join('/');
  const isOwn = target.startsWith(`${layer}/`);
  return isOwn || matches(target, rule.ours) ? null : `${file} imports ${target}`;
}

describe('layers', () => {
  it.each(Object.keys(layers))('%s imports only what it may', (layer) => {
    const objections = filesOf(layer)
      .filter((file) => !isTest(file))
      .flatMap((file) => importsOf(file).map((specifier) => objection(layer, file, specifier)))
      .filter((found) => found !== null);
    expect(objections).toEqual([]);
  });

  it('are seen at all', () => {
    expect(filesOf('app/core').length).toBeGreaterThan(15);
    expect(importsOf('app/core/app.ts')).toContain('../contract/index.ts');
  });

  it.each([
    ['app/core', 'app/core/app.ts', '../adapters/ports.ts'],
    ['app/core', 'app/core/app.ts', 'node:fs'],
    ['app/contract', 'app/contract/index.ts', '../core/ports.ts'],
    ['app/adapters', 'app/adapters/laptop/clock.ts', '../../core/app.ts'],
    ['app/adapters', 'app/adapters/laptop/clock.ts', 'electron'],
    ['app/fakes', 'app/fakes/world.ts', '../adapters/ports.ts'],
    ['renderer', 'renderer/entry.tsx', '../app/core/app.ts'],
    ['main', 'main/bridge.ts', '../app/core/app.ts'],
    ['main', 'main/words.ts', '../renderer/words/english.ts'],
    ['main', 'main/words.ts', '../renderer/kit/words.json'],
  ])('%s may not: %s → %s', (layer, file, specifier) => {
    expect(objection(layer, file, specifier)).not.toBeNull();
  });
});

/** Folders of the window, each above the ones that it may import from (renderer/README.md). */
const order = ['host', 'store', 'words', 'kit', 'actions', 'parts', 'shell', 'views', 'preview', 'kit-page'];

describe('the folders of the window', () => {
  const files = filesOf('renderer').filter((file) => !isTest(file));
  const targets = (file: string) =>
    importsOf(file)
      .filter((specifier) => specifier.startsWith('.'))
      .map((specifier) =>
        relative(root, resolve(root, file, '..', specifier))
          .split(sep)
          .join('/'),
      )
      .filter((target) => target.startsWith('renderer/'));
  const rankOf = (file: string) => {
    const [, folder = '', ...rest] = file.split('/');
    return rest.length === 0 ? order.length : order.indexOf(folder); // the entry is above all
  };

  it('are all in the order, and import downwards only', () => {
    expect(files.filter((file) => rankOf(file) < 0)).toEqual([]);
    const upwards = files.flatMap((file) =>
      targets(file)
        .filter((target) => rankOf(target) > rankOf(file))
        .map((target) => `${file} imports ${target}`),
    );
    expect(upwards).toEqual([]);
  });

  it('have no circle of files', () => {
    const done = new Set<string>();
    const circles: string[] = [];
    const walk = (file: string, way: readonly string[]) => {
      if (way.includes(file)) {
        circles.push([...way.slice(way.indexOf(file)), file].join(' → '));
      } else if (!done.has(file) && existsSync(join(root, file)) && /\.tsx?$/.test(file)) {
        for (const target of targets(file)) {
          walk(target, [...way, file]);
        }
        done.add(file);
      }
    };
    for (const file of files) {
      walk(file, []);
    }
    expect(circles).toEqual([]);
  });
});

/** It keeps something in each source for as long as the source lives; the core lives for weeks (any-signal.ts). */
it('AbortSignal.any is called nowhere in what runs on', () => {
  const running = ['app/core', 'app/adapters', 'app/hosts', 'main'].flatMap(filesOf).filter((file) => !isTest(file));
  expect(running.filter((file) => readFileSync(join(root, file), 'utf8').includes('AbortSignal.any('))).toEqual([]);
});

/** Whoever opened a cluster past the comparison with what was confirmed would send credentials wherever a file says. */
describe('a cluster is opened', () => {
  const sources = ['app/core', 'app/adapters', 'app/hosts', 'main']
    .flatMap(filesOf)
    .filter((file) => !isTest(file) && !file.startsWith('app/adapters/testing/'));
  const naming = (pattern: RegExp) => sources.filter((file) => pattern.test(readFileSync(join(root, file), 'utf8')));

  it.each([
    [
      'by the core in one place',
      /kubeconfig\??\s*\.\s*open\b|\bopen\b[^;=]*}\s*=[^;]*kubeconfig\b/,
      ['app/core/clusters/opening.ts'],
    ],
    ['by the adapter in one place', /\bopenCluster\(\{/, ['app/adapters/kubeconfig/kubeconfig.ts']],
    [
      'with credentials of that place',
      /\bopenCredentials\(/,
      ['app/adapters/credentials/credentials.ts', 'app/adapters/kubeconfig/kubeconfig.ts'],
    ],
    [
      'with a plugin that only those run',
      /\brunExecPlugin\(/,
      ['app/adapters/credentials/credentials.ts', 'app/adapters/credentials/exec-plugin.ts'],
    ],
  ])('%s', (_, pattern, files) => {
    expect(naming(pattern).toSorted()).toEqual(files);
  });
});

describe('the root helper', () => {
  it('has a test on the Go side of what it links', () => {
    const folder = join(root, 'native/cmd/slipway-helper');
    const tests = readdirSync(folder).filter((file) => file.endsWith('_test.go'));
    const source = tests.map((file) => readFileSync(join(folder, file), 'utf8')).join('\n');
    for (const forbidden of ['k8s.io/', 'gvisor.dev/', 'golang.zx2c4.com/', 'crypto/tls', 'net/http', '"-deps"']) {
      expect(source).toContain(forbidden);
    }
  });
});

describe('names of files', () => {
  const files = [...Object.keys(layers), 'tests', 'scripts'].flatMap(filesOf);

  it('no folder or file is a drawer for everything', () => {
    const drawers = /(^|\/)(utils?|common|shared|misc|helpers|[\w-]*manager)(\/|\.)/;
    expect(files.filter((file) => drawers.test(file))).toEqual([]);
  });

  it('no barrels but the contract’s', () => {
    expect(files.filter((file) => /(^|\/)index\.tsx?$/.test(file))).toEqual(['app/contract/index.ts']);
  });

  it('no file is longer than 400 lines', () => {
    const inGo = ['native', 'sandbox'].flatMap((folder) =>
      readdirSync(join(root, folder), { recursive: true, encoding: 'utf8' })
        .filter((file) => file.endsWith('.go'))
        .map((file) => join(folder, file)),
    );
    expect(inGo.length).toBeGreaterThan(100);
    const long = [...files, ...inGo].filter((file) => readFileSync(join(root, file), 'utf8').split('\n').length > 401);
    expect(long).toEqual([]);
  });
});
