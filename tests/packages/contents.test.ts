/** What is in the packages for Linux: everything that runs, nothing that does not belong there. */
import { execFileSync } from 'node:child_process';
import { mkdirSync, mkdtempSync, readdirSync, readFileSync, rmSync, statSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { extractFile, listPackage } from '@electron/asar';
import { afterAll, beforeAll, expect, it } from 'vitest';

const root = join(import.meta.dirname, '../..');
const made = join(root, 'dist-e9');
const folder = mkdtempSync(join(tmpdir(), 'slipway-packages-'));
const { version } = JSON.parse(readFileSync(join(root, 'package.json'), 'utf8'));

const text = (command: string, ...args: string[]) =>
  execFileSync(command, args, { encoding: 'utf8', maxBuffer: 1 << 26 });
const packageOf = (ending: string) => {
  const [name, ...others] = readdirSync(made).filter((file) => file.endsWith(ending));
  expect(others).toEqual([]);
  return join(made, name ?? `no ${ending}`);
};

/** Lines of `tar -tv`: mode, owner and path. */
interface Entry {
  readonly mode: string;
  readonly owner: string;
  readonly path: string;
}

function entriesOf(listing: string): Entry[] {
  return listing
    .split('\n')
    .filter((line) => line !== '')
    .map((line) => {
      const [mode = '', owner = '', , , , ...path] = line.split(/\s+/);
      return {
        mode,
        owner,
        path: path
          .join(' ')
          .replace(/^\./, '')
          .replace(/ -> .*$/, ''),
      };
    });
}

let entries: Entry[];
beforeAll(() => {
  entries = entriesOf(text('dpkg-deb', '--contents', packageOf('.deb')));
});
afterAll(() => rmSync(folder, { recursive: true, force: true }));

it('says what the Debian package is and what it needs', () => {
  const field = (name: string) => text('dpkg-deb', '--field', packageOf('.deb'), name).trim();
  expect(field('Package')).toBe('slipway');
  expect(field('Version')).toBe(version);
  expect(field('Architecture')).toBe('amd64');
  expect(field('Section')).not.toBe('default');
  expect(field('Depends')).toContain('libnss3');
  expect(field('Description')).toMatch(/^Put your laptop inside a Kubernetes cluster/);
});

it('brings the programs, the unit, the policy, the entry and the completions', () => {
  const paths = new Set(entries.map(({ path }) => path));
  const resources = '/opt/Slipway/resources';
  for (const path of [
    '/opt/Slipway/slipway-desktop',
    ...['engine', 'helper', 'agent', 'agent-arm64'].map((name) => `${resources}/native/bin/slipway-${name}`),
    `${resources}/native/bin/build`,
    `${resources}/node/bin/node`,
    `${resources}/programs/slipway`,
    `${resources}/programs/cli/slipway.mjs`,
    `${resources}/programs/core/core.mjs`,
    `${resources}/licences/LICENSE`,
    ...['tour', 'side-effects', 'security', 'cli'].map((page) => `${resources}/docs/${page}.md`),
    `${resources}/licences/third-party.txt`,
    '/usr/lib/systemd/system/slipway-helper@.service',
    '/usr/share/polkit-1/actions/io.slipway.Slipway.policy',
    '/usr/share/metainfo/io.slipway.Slipway.metainfo.xml',
    '/usr/share/applications/slipway-desktop.desktop',
    '/usr/share/bash-completion/completions/slipway',
    '/usr/share/zsh/vendor-completions/_slipway',
    '/usr/share/fish/vendor_completions.d/slipway.fish',
  ]) {
    expect(paths, path).toContain(path);
  }
});

it("is root's, and nobody else may write to it", () => {
  expect(entries.length).toBeGreaterThan(100);
  for (const { mode, owner, path } of entries) {
    expect(owner, path).toMatch(/^(root\/root|0\/0)$/);
    expect(mode, path).toMatch(mode.startsWith('l') ? /^l/ : /^[-d]rw[xs-]r-[xs-]r-[xt-]$/);
    expect(mode, path).not.toMatch(/^-..s|^-.....s/);
  }
});

it('holds the app, and neither sources nor libraries of ours', () => {
  const archive = join(made, 'linux-unpacked/resources/app.asar');
  const files = listPackage(archive, { isPack: false });
  expect(files).toContain('/out-e9/main/entry.cjs');
  expect(files).toContain('/out-e9/renderer/index.html');
  const strange = files.filter(
    (file) => !/^\/(package\.json|out-e9(\/(main|renderer)(\/.*)?)?|resources(\/icons(\/.*)?)?)$/.test(file),
  );
  expect(strange).toEqual([]);
  const all = [...files, ...entries.map(({ path }) => path)];
  expect(all.filter((path) => /\.(map|ts|tsx|go)$|node_modules|\/\.(git|env)/.test(path))).toEqual([]);
});

it('holds the production build of the window', () => {
  const archive = join(made, 'linux-unpacked/resources/app.asar');
  const scripts = listPackage(archive, { isPack: false }).filter((file) => /\/renderer\/.*\.js$/.test(file));
  expect(scripts.length).toBeGreaterThan(3);
  for (const file of scripts) {
    // React's development build writes down where each element was made.
    expect(extractFile(archive, file.slice(1)).includes('_debugStack'), file).toBe(false);
  }
});

it('holds native programs of this build', () => {
  const packed = join(made, 'linux-unpacked/resources/native/bin');
  expect(readFileSync(join(packed, 'build'), 'utf8')).toBe(readFileSync(join(root, 'native/bin/build'), 'utf8'));
  for (const name of ['slipway-engine', 'slipway-helper', 'slipway-agent', 'slipway-agent-arm64']) {
    expect(statSync(join(packed, name)).mode & 0o777, name).toBe(0o755);
  }
});

it('is an archive too, whose command runs where it was unpacked', () => {
  text('tar', '--extract', '--file', packageOf('.tar.gz'), '--directory', folder, '--strip-components=1');
  const kubeconfig = join(folder, 'kubeconfig');
  const context = { name: 'elsewhere', context: { cluster: 'one', user: 'one' } };
  const cluster = { name: 'one', cluster: { server: 'https://127.0.0.1:1' } };
  const user = { name: 'one', user: {} };
  const config = { apiVersion: 'v1', kind: 'Config', contexts: [context], clusters: [cluster], users: [user] };
  writeFileSync(kubeconfig, JSON.stringify(config));
  for (const name of ['runtime', 'config', 'state']) {
    mkdirSync(join(folder, name), { mode: 0o700 });
  }
  const command = join(folder, 'resources/programs/slipway');
  const environment = {
    PATH: '/usr/bin:/bin',
    HOME: folder,
    KUBECONFIG: kubeconfig,
    SLIPWAY_RUNTIME_DIR: join(folder, 'runtime'),
    SLIPWAY_CONFIG_DIR: join(folder, 'config'),
    SLIPWAY_STATE_DIR: join(folder, 'state'),
  };
  const run = (...args: string[]) => execFileSync(command, args, { encoding: 'utf8', env: environment });
  expect(run('--version').trim()).toMatch(new RegExp(`^${version.replaceAll('.', '\\.')}`));
  expect(run('contexts', '-o', 'json')).toContain('elsewhere');
  run('disconnect', '--quit');
});
