/** What every HelperPort must do. */
import { describe, expect, it } from 'vitest';
import type { HelperPort } from '../../core/ports.ts';
import { closedAfterEach } from './settings.ts';

export interface HelperSetting {
  /** No helper runs yet, and this port may start one. */
  readonly port: HelperPort;
  /** Ends the helper that runs. */
  stop(): Promise<void>;
  close(): Promise<void>;
}

export function testHelper(name: string, make: () => Promise<HelperSetting>): void {
  describe(`helper: ${name}`, () => {
    const start = closedAfterEach(make);

    it('is absent until it is asked for, and asking for its state starts none', async () => {
      const { port } = await start();
      expect(await port.state()).toEqual({ state: 'absent', ...port.program });
      expect(await port.state()).toEqual({ state: 'absent', ...port.program });
      expect(port.socket).toMatch(/helper\.sock$/);
      expect(port.program.program).toMatch(/^\//); // what is shown before a password is asked for
    });

    it('is there after it was ensured, once, however often that is asked', async () => {
      const { port } = await start();
      const [first, second] = await Promise.all([port.ensure(), port.ensure()]);
      expect(first).toMatchObject({ ok: true });
      expect(second).toEqual(first);
      expect(await port.ensure()).toEqual(first);
      expect(await port.state()).toEqual({ state: 'ready', build: first.ok ? first.value.build : '' });
    });

    it('is started anew after it went away', async () => {
      const { port, stop } = await start();
      await port.ensure();
      await stop();
      expect(await port.state()).toEqual({ state: 'absent', ...port.program });
      expect(await port.ensure()).toMatchObject({ ok: true });
    });
  });
}
