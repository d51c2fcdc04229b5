import { mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { describe, expect, it } from 'vitest';
import { desktopEntry } from './desktop-entry.ts';
import { fittingBounds, readWindowState, writeWindowState } from './window-state.ts';

const display = { x: 0, y: 0, width: 1920, height: 1080 };

describe('the place of the window', () => {
  it('is kept', () => {
    const folder = mkdtempSync(join(tmpdir(), 'slipway-window-'));
    const file = join(folder, 'app', 'window.json');
    const state = { bounds: { x: 5, y: 6, width: 900, height: 700 }, isMaximized: true };
    writeWindowState(file, state);
    expect(readWindowState(file)).toEqual(state);
    writeFileSync(file, '{"bounds":{"x":"far"}}');
    expect(readWindowState(file)).toEqual({ bounds: null, isMaximized: false });
    rmSync(folder, { recursive: true });
    expect(readWindowState(file).bounds).toBeNull();
  });

  it('is taken back where it can be seen', () => {
    const kept = { x: 100, y: 100, width: 900, height: 700 };
    expect(fittingBounds(kept, [display])).toEqual(kept);
  });

  it('is left to the system where its display is gone', () => {
    expect(fittingBounds({ x: 3000, y: 100, width: 900, height: 700 }, [display])).toEqual({ width: 900, height: 700 });
    expect(fittingBounds({ x: 100, y: -500, width: 900, height: 700 }, [display])).toEqual({ width: 900, height: 700 });
  });

  it('is never smaller than what the window can show', () => {
    expect(fittingBounds({ x: 0, y: 0, width: 10, height: 10 }, [display])).toMatchObject({ width: 760, height: 520 });
  });
});

describe('the autostart entry', () => {
  it('quotes the program as the specification says', () => {
    expect(desktopEntry('/opt/Slipway/slipway-app')).toContain('Exec="/opt/Slipway/slipway-app" --hidden\n');
    expect(desktopEntry('/opt/a "b"$c%d')).toContain(String.raw`Exec="/opt/a \\"b\\"\\$c%%d" --hidden`);
  });
});
