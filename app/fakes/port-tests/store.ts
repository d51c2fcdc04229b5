/** What every StorePort must do. */
import { describe, expect, it } from 'vitest';
import { defaultSettings, type Wanted } from '../../contract/index.ts';
import type { StorePort } from '../../core/ports.ts';
import { closedAfterEach } from './settings.ts';

export interface StoreSetting {
  /** Opens the same store again, as another process would. */
  open(): StorePort;
  close(): Promise<void>;
}

const wanted: Wanted = {
  context: 'production',
  file: '/home/jane/.kube/config',
  homeNamespace: 'webshop',
  agentNamespace: 'webshop',
  agentImage: '',
  baseImage: 'busybox',
};

export function testStore(name: string, make: () => Promise<StoreSetting>): void {
  describe(`store: ${name}`, () => {
    const start = closedAfterEach(make);

    it('answers defaults where nothing was kept', async () => {
      const store = (await start()).open();
      expect(await store.settings()).toEqual({ ok: true, value: defaultSettings });
      expect(await store.wanted()).toEqual([]);
      expect(await store.trustedExecPlugins()).toEqual([]);
      expect(await store.contextRecords()).toEqual([]);
    });

    it('keeps everything for the next process', async () => {
      const setting = await start();
      const store = setting.open();
      const settings = { ...defaultSettings, recover: false, extraRanges: ['10.9.0.0/16'] };
      expect(await store.saveSettings(settings)).toMatchObject({ ok: true });
      expect(await store.saveWanted([wanted])).toMatchObject({ ok: true });
      expect(await store.trustExecPlugin('digest-1')).toMatchObject({ ok: true });
      expect(await store.trustExecPlugin('digest-2')).toMatchObject({ ok: true });
      expect(await store.trustExecPlugin('digest-1')).toMatchObject({ ok: true });
      const part = { part: 'server', name: '', value: 'https://127.0.0.1:6443', digest: '' } as const;
      const seen = { digest: 'digest-3', parts: [part] };
      const one = {
        context: 'production',
        file: '/home/jane/.kube/config',
        confirmed: seen,
        used: seen,
        lastUsedAt: 1,
      };
      const older = { ...one, context: 'older', confirmed: { digest: 'digest-4', parts: null }, used: null };
      expect(await store.saveContextRecords([one, older])).toMatchObject({ ok: true });
      const again = setting.open();
      expect(await again.settings()).toEqual({ ok: true, value: settings });
      expect(await again.wanted()).toEqual([wanted]);
      expect(await again.trustedExecPlugins()).toEqual(['digest-1', 'digest-2']);
      expect(await again.contextRecords()).toEqual([one, older]);
    });

    it('keeps the last of several writes that were asked for at once', async () => {
      const setting = await start();
      const store = setting.open();
      await Promise.all([store.saveWanted([wanted]), store.saveWanted([]), store.saveWanted([wanted])]);
      expect(await setting.open().wanted()).toEqual([wanted]);
    });

    it('gives out copies: changing one changes nothing that is kept', async () => {
      const store = (await start()).open();
      const first = await store.settings();
      if (first.ok) {
        first.value.extraRanges.push('10.0.0.0/8');
      }
      expect(await store.settings()).toEqual({ ok: true, value: { ...defaultSettings, extraRanges: [] } });
    });
  });
}
