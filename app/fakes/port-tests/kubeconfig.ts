/** What every KubeconfigPort must do. */
import { describe, expect, it } from 'vitest';
import type { KubeconfigPort } from '../../core/ports.ts';
import { closedAfterEach } from './settings.ts';

/** Two contexts, `production` (current, with a credential plugin) and `staging` (with a token), of one API server. */
export interface KubeconfigSetting {
  readonly port: KubeconfigPort;
  readonly server: string;
  /** How often the credential plugin of `production` ran. */
  timesPluginRan(): Promise<number>;
  /** Makes both contexts name another server. */
  moveServer(): Promise<void>;
  /** Takes the context `staging` away. */
  removeStaging(): Promise<void>;
  /** Takes every file away. */
  removeFiles(): Promise<void>;
  /** Waits until the condition holds; answers whether it did in time. */
  until(condition: () => boolean): Promise<boolean>;
  close(): Promise<void>;
}

export function testKubeconfig(name: string, make: () => Promise<KubeconfigSetting>): void {
  describe(`kubeconfig: ${name}`, () => {
    const start = closedAfterEach(make);

    it('lists the contexts with what a person needs to choose, and runs no program for it', async () => {
      const setting = await start();
      const { contexts, problems } = await setting.port.listContexts([]);
      expect(problems).toEqual([]);
      expect(contexts.map(({ name: context, current }) => [context, current])).toEqual([
        ['production', true],
        ['staging', false],
      ]);
      expect(contexts[0]).toMatchObject({ server: setting.server, problem: null, execPlugin: { trusted: false } });
      expect(contexts[0]?.execPlugin?.digest).not.toBe('');
      expect(contexts[1]?.execPlugin).toBeNull();
      expect(await setting.timesPluginRan()).toBe(0);
    });

    it('opens a context without running its plugin, and gives it the server’s address', async () => {
      const setting = await start();
      const { contexts } = await setting.port.listContexts([]);
      for (const context of contexts) {
        const opened = await setting.port.open(context);
        expect(opened.ok).toBe(true);
        if (opened.ok) {
          expect(opened.value.address.server).toBe(setting.server);
          expect(opened.value.execPlugin?.digest ?? null).toBe(context.execPlugin?.digest ?? null);
          opened.value.close();
        }
      }
      expect(await setting.timesPluginRan()).toBe(0);
    });

    it('opens nothing else than what was listed, and tells what changed', async () => {
      const setting = await start();
      const { contexts } = await setting.port.listContexts([]);
      await setting.moveServer();
      for (const context of contexts) {
        const refused = { ok: false, problem: { code: 'context-changed', facts: { context: context.name } } };
        const opened = await setting.port.open(context);
        expect(opened).toMatchObject(refused);
        expect(opened).toMatchObject({
          problem: { cause: expect.stringContaining(`server: ${setting.server} → http`) },
        });
        expect(await setting.port.pluginEnvironment(context)).toMatchObject(refused);
      }
      const again = await setting.port.listContexts([]);
      expect(again.contexts.map(({ digest }) => digest)).not.toEqual(contexts.map(({ digest }) => digest));
      expect(await setting.timesPluginRan()).toBe(0);
    });

    it('runs the plugin when credentials are asked for', async () => {
      const setting = await start();
      const { contexts } = await setting.port.listContexts([]);
      const [production] = contexts;
      const opened = production === undefined ? undefined : await setting.port.open(production);
      if (!opened?.ok) {
        throw new Error('production cannot be opened');
      }
      expect(await opened.value.credentials(false)).toMatchObject({ ok: true });
      expect(await setting.timesPluginRan()).toBe(1);
      opened.value.close();
    });

    it('tells whoever watches of a change, and nobody after that', async () => {
      const setting = await start();
      let changes = 0;
      let changesAfterEnd = 0;
      const end = setting.port.watch([], () => {
        changes += 1;
      });
      setting.port.watch([], () => {
        changesAfterEnd += 1;
      })();
      await setting.removeStaging();
      expect(await setting.until(() => changes > 0)).toBe(true);
      end();
      expect(changesAfterEnd).toBe(0);
      expect((await setting.port.listContexts([])).contexts.map(({ name: context }) => context)).toEqual([
        'production',
      ]);
    });

    it('says that there is none', async () => {
      const setting = await start();
      await setting.removeFiles();
      expect(await setting.port.listContexts([])).toMatchObject({
        contexts: [],
        problems: [{ code: 'kubeconfig-missing' }],
      });
    });
  });
}
