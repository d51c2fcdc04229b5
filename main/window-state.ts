/** Where the window was: kept in the app's own folder, taken back only where some of it would be seen. */
import { mkdirSync, readFileSync, writeFileSync } from 'node:fs';
import { dirname } from 'node:path';

export interface Bounds {
  readonly x: number;
  readonly y: number;
  readonly width: number;
  readonly height: number;
}
export interface WindowState {
  readonly bounds: Bounds | null;
  readonly isMaximized: boolean;
}

export const smallest = { width: 760, height: 520 } as const;
const usual = { width: 1280, height: 800 } as const;
/** How much of a window must lie on a display to be found and moved, in points. */
const reachable = 80;

export function readWindowState(file: string): WindowState {
  try {
    const { bounds, isMaximized } = JSON.parse(readFileSync(file, 'utf8')) as Partial<WindowState>;
    const numbers = bounds ? [bounds.x, bounds.y, bounds.width, bounds.height] : [];
    const isWhole = numbers.length === 4 && numbers.every((value) => Number.isFinite(value));
    return { bounds: isWhole && bounds ? bounds : null, isMaximized: isMaximized === true };
  } catch {
    return { bounds: null, isMaximized: false };
  }
}

export function writeWindowState(file: string, state: WindowState): void {
  try {
    mkdirSync(dirname(file), { recursive: true });
    writeFileSync(file, JSON.stringify(state));
  } catch {
    // a window that forgets its place is no reason to bother anybody
  }
}

/** The bounds to open with on these displays; without a position where the kept one could not be reached. */
export function fittingBounds(
  kept: Bounds | null,
  displays: readonly Bounds[],
): Partial<Bounds> & Pick<Bounds, 'width' | 'height'> {
  if (kept === null) {
    return usual;
  }
  const width = Math.max(kept.width, smallest.width);
  const height = Math.max(kept.height, smallest.height);
  const isSeen = displays.some(
    (display) =>
      kept.x + width - reachable > display.x &&
      kept.x + reachable < display.x + display.width &&
      kept.y >= display.y &&
      kept.y + reachable < display.y + display.height,
  );
  return isSeen ? { x: kept.x, y: kept.y, width, height } : { width, height };
}
