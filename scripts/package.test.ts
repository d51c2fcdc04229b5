/** What lies in several files of the packages must name the same paths. */
import { existsSync, readFileSync } from 'node:fs';
import { join } from 'node:path';
import { expect, it } from 'vitest';
import { parse } from 'yaml';

const root = join(import.meta.dirname, '..');
const read = (file: string) => readFileSync(join(root, file), 'utf8');
const config = parse(read('electron-builder.yml')) as {
  readonly productName: string;
  readonly electronFuses: Readonly<Record<string, boolean>>;
  readonly extraResources: readonly { readonly to: string }[];
  readonly linux: { readonly executableName: string };
  readonly deb: { readonly fpm: readonly string[]; readonly afterInstall: string; readonly afterRemove: string };
};

it('starts and allows the helper that is packed', () => {
  const helper = `/opt/${config.productName}/resources/native/bin/slipway-helper`;
  expect(config.extraResources.map(({ to }) => to)).toContain('native/bin');
  expect(read('resources/linux/slipway-helper@.service')).toMatch(
    new RegExp(`^ExecStart=${helper} serve --user %i$`, 'm'),
  );
  const policy = read('resources/linux/io.slipway.Slipway.policy');
  expect(policy).toContain(`exec.path">${helper}<`);
  expect(policy).toContain('exec.argv1">serve<');
  expect(
    policy.match(/<message[^>]*>[^<]*\$\(program\)<\/message>/g),
    'every language says which program',
  ).toHaveLength(2);
  expect(read('resources/linux/before-remove.sh')).toContain(`${helper} clean`);
});

it('packs only files that are there', () => {
  const sources = config.deb.fpm.map((word) => word.replace(/^--[a-z-]+=/, '').split('=')[0] ?? '');
  for (const file of [...sources, config.deb.afterInstall, config.deb.afterRemove]) {
    expect(file.startsWith('out/') || existsSync(join(root, file)), file).toBe(true);
  }
});

it('lets the program of the app run nothing but the app', () => {
  expect(config.electronFuses).toMatchObject({
    runAsNode: false,
    enableNodeOptionsEnvironmentVariable: false,
    enableNodeCliInspectArguments: false,
    enableEmbeddedAsarIntegrityValidation: true,
    onlyLoadAppFromAsar: true,
    grantFileProtocolExtraPrivileges: false,
  });
});

it('names the desktop entry and the command alike', () => {
  const name = config.linux.executableName;
  expect(read('resources/linux/io.slipway.Slipway.metainfo.xml')).toContain(`${name}.desktop`);
  expect(JSON.parse(read('package.json')).desktopName).toBe(`${name}.desktop`);
  expect(read('resources/linux/after-install.sh')).toContain(`/usr/bin/${name}`);
});
