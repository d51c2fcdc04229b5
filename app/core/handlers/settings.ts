/** Settings: seen and changed by every frontend. */
import { success } from '../../contract/index.ts';
import { changeSettings } from '../settings/settings.ts';
import type { Dependencies, Handlers } from './dependencies.ts';

export function settingsHandlers(dependencies: Dependencies): Pick<Handlers, 'getSettings' | 'changeSettings'> {
  return {
    getSettings: async () => success(dependencies.settings()),

    changeSettings: (input) => dependencies.changeSettings((before) => changeSettings(before, input)),
  };
}
