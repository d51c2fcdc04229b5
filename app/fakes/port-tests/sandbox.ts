/** What every SandboxPort must do. */
import { describe, expect, it } from 'vitest';
import type { SandboxPort } from '../../core/ports.ts';
import { closedAfterEach } from './settings.ts';

export interface SandboxSetting {
  readonly port: SandboxPort;
  /** What of it is there: nothing, a part, everything. */
  state(): Promise<'none' | 'half' | 'up'>;
  /** From now on this computer cannot run it. */
  breakIt(): Promise<void>;
  close(): Promise<void>;
}

export function testSandbox(name: string, make: () => Promise<SandboxSetting>): void {
  describe(`sandbox: ${name}`, () => {
    const start = closedAfterEach(make);
    const never = new AbortController().signal;

    it('comes up with its progress, and is taken down', async () => {
      const { port, state } = await start();
      const fractions: (number | null)[] = [];
      const up = await port.start((_, fraction) => fractions.push(fraction), never);
      expect(up.ok && up.value.kubeconfig).toMatch(/kubeconfig$/);
      expect(await state()).toBe('up');
      const told = fractions.filter((fraction) => fraction !== null);
      expect(told).toEqual(told.toSorted((first, second) => first - second));
      expect(told.at(-1)).toBe(1);
      expect(await port.stop(() => {}, never)).toEqual(up);
      expect(await state()).toBe('none');
    });

    it('leaves nothing when it is cancelled half made', async () => {
      const { port, state } = await start();
      const abort = new AbortController();
      const ended = port.start((text) => {
        if (text === 'control plane and nodes') {
          abort.abort();
        }
      }, abort.signal);
      expect(await ended).toMatchObject({ ok: false, problem: { code: 'cancelled' } });
      expect(await state()).toBe('none');
    });

    it('tells why it cannot run here', async () => {
      const { port, breakIt, state } = await start();
      await breakIt();
      expect(await port.start(() => {}, never)).toMatchObject({ ok: false, problem: { code: 'sandbox-unsupported' } });
      expect(await state()).toBe('none');
    });
  });
}
