/** What every KubeconfigFilesPort must do. */
import { describe, expect, it } from 'vitest';
import type { KubeconfigFilesPort } from '../../core/ports.ts';
import { closedAfterEach } from './settings.ts';

export interface KubeconfigFilesSetting {
  readonly port: KubeconfigFilesPort;
  /** Writes a file as the user would; answers its absolute path. */
  write(name: string, text: string): Promise<string>;
  /** What the file holds; null where there is none. */
  read(file: string): Promise<string | null>;
  /** How many files keep() left behind. */
  countKept(): Promise<number>;
  close(): Promise<void>;
}

export const keptKubeconfig = [
  'apiVersion: v1',
  'kind: Config',
  'clusters: [{ name: c, cluster: { server: "https://127.0.0.1:6443" } }]',
  'users: [{ name: u, user: { token: abc } }]',
  'contexts: [{ name: added, context: { cluster: c, user: u } }]',
  '',
].join('\n');

export function testKubeconfigFiles(name: string, make: () => Promise<KubeconfigFilesSetting>): void {
  describe(`kubeconfig files: ${name}`, () => {
    const start = closedAfterEach(make);

    it('takes a file that is a kubeconfig, where it is', async () => {
      const { port, write, countKept } = await start();
      const file = await write('mine.yaml', keptKubeconfig);
      expect(await port.check(file)).toEqual({ ok: true, value: { file } });
      expect(await countKept()).toBe(0);
    });

    it.each([
      ['broken YAML', 'contexts: ['],
      ['something else', '<html></html>'],
      ['no context', 'apiVersion: v1\nkind: Config\n'],
      ['nothing', ''],
    ])('refuses %s, and keeps nothing', async (_, text) => {
      const { port, write, countKept } = await start();
      const file = await write('mine.yaml', text);
      expect(await port.check(file)).toMatchObject({ ok: false, problem: { code: 'kubeconfig-unreadable' } });
      expect(await port.keep('mine.yaml', text)).toMatchObject({
        ok: false,
        problem: { code: 'kubeconfig-unreadable' },
      });
      expect(await countKept()).toBe(0);
    });

    it('refuses a file that is not there, and a path that is not absolute', async () => {
      const { port, write } = await start();
      const file = await write('mine.yaml', keptKubeconfig);
      expect(await port.check(`${file}.no`)).toMatchObject({ ok: false, problem: { code: 'kubeconfig-unreadable' } });
      expect(await port.check('mine.yaml')).toMatchObject({ ok: false, problem: { code: 'usage' } });
    });

    it('keeps a text whole until it is forgotten, whatever its name', async () => {
      const { port, read, countKept } = await start();
      const first = await port.keep('../../etc/pass wd.yaml', keptKubeconfig);
      const second = await port.keep('../../etc/pass wd.yaml', keptKubeconfig);
      if (!first.ok || !second.ok) {
        throw new Error('it was not kept');
      }
      expect(first.value.file).not.toBe(second.value.file);
      expect(first.value.file).not.toMatch(/\.\.| |etc/);
      expect(await read(first.value.file)).toBe(keptKubeconfig);
      expect(await port.check(first.value.file)).toMatchObject({ ok: true });
      expect(await port.forget(first.value.file)).toMatchObject({ ok: true });
      expect(await port.forget(first.value.file)).toMatchObject({ ok: true });
      expect(await read(first.value.file)).toBeNull();
      expect(await countKept()).toBe(1);
    });

    it('leaves files of the user alone when they are forgotten', async () => {
      const { port, write, read } = await start();
      const file = await write('mine.yaml', keptKubeconfig);
      expect(await port.forget(file)).toMatchObject({ ok: true });
      expect(await read(file)).toBe(keptKubeconfig);
    });
  });
}
