/** How the window looks, and where one finds things in it. */
import { Keyboard, Languages, Search, SunMoon } from 'lucide-react';
import type { Action } from './action.ts';

export const openPalette: Action = {
  id: 'open-palette',
  words: 'actions.openPalette',
  group: 'help',
  icon: Search,
  keys: 'Mod+K',
  isKeyOnly: true,
  isAvailable: () => true,
  run: ({ app }) => app.window.setState((state) => ({ isPaletteOpen: !state.isPaletteOpen })),
};

export const openShortcuts: Action = {
  id: 'open-shortcuts',
  words: 'actions.openShortcuts',
  group: 'help',
  icon: Keyboard,
  keys: '?',
  isAvailable: () => true,
  run: ({ app }) => app.window.setState({ isShortcutSheetOpen: true }),
};

export const focusSearch: Action = {
  id: 'focus-search',
  words: 'actions.focusSearch',
  group: 'go',
  icon: Search,
  keys: '/',
  isKeyOnly: true,
  isAvailable: () => true,
  run: () => {
    const field = document.querySelector<HTMLInputElement>('[data-primary-search]');
    field?.focus();
    field?.select();
  },
};

export const toggleTheme: Action = {
  id: 'toggle-theme',
  words: 'actions.toggleTheme',
  group: 'look',
  icon: SunMoon,
  keys: 'Mod+Shift+T',
  browserKeys: 'Mod+Shift+Y', // the other opens a closed tab again
  isAvailable: ({ app }) => app.settings.store.getState().settings !== null,
  run: async ({ app }) => {
    const isDark = document.documentElement.dataset.theme === 'dark';
    await app.settings.change({ theme: isDark ? 'light' : 'dark' });
  },
};

export const switchLanguage: Action = {
  id: 'switch-language',
  words: 'actions.switchLanguage',
  group: 'look',
  icon: Languages,
  isAvailable: ({ app }) => app.settings.store.getState().settings !== null,
  run: async ({ app }) => {
    const isChinese = document.documentElement.lang === 'zh-CN';
    await app.settings.change({ language: isChinese ? 'en' : 'zh-CN' });
  },
};
