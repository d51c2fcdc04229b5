/** Settings: seen and changed by every frontend. */
import { success } from '../../contract/index.ts';
import { changeSettings } from '../settings/settings.ts';
import type { Handlers, Surroundings } from './surroundings.ts';

export function settingsHandlers(surroundings: Surroundings): Pick<Handlers, 'getSettings' | 'changeSettings'> {
  return {
    getSettings: async () => success(surroundings.settings()),

    changeSettings: (input) => surroundings.changeSettings((before) => changeSettings(before, input)),
  };
}
