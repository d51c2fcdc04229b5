/** Which theme and contrast are in force, as attributes of the root element that kit/tokens.css listens to. */
import { useLayoutEffect, useSyncExternalStore } from 'react';
import type { Settings } from '../../app/contract/index.ts';

export type Theme = 'light' | 'dark';
export interface Look {
  readonly theme: Theme;
  readonly contrast: 'normal' | 'more';
}

export function useMedia(query: string): boolean {
  return useSyncExternalStore(
    (listener) => {
      const media = window.matchMedia(query);
      media.addEventListener('change', listener);
      return () => media.removeEventListener('change', listener);
    },
    () => window.matchMedia(query).matches,
    () => false,
  );
}

export function useLook(chosen: Pick<Settings, 'theme' | 'contrast'>): Look {
  const systemIsDark = useMedia('(prefers-color-scheme: dark)');
  const systemWantsMore = useMedia('(prefers-contrast: more)');
  const theme = chosen.theme === 'system' ? (systemIsDark ? 'dark' : 'light') : chosen.theme;
  const contrast = chosen.contrast === 'more' || systemWantsMore ? 'more' : 'normal';
  // Before any effect: what draws by itself reads the tokens in one.
  useLayoutEffect(() => applyLook({ theme, contrast }), [theme, contrast]);
  return { theme, contrast };
}

function applyLook({ theme, contrast }: Look): void {
  document.documentElement.dataset.theme = theme;
  document.documentElement.dataset.contrast = contrast;
}

/** A colour token as it is now, for what draws by itself (a canvas). */
export function tokenValue(element: Element, name: `--${string}`): string {
  return getComputedStyle(element).getPropertyValue(name).trim();
}
