/** Settings: seen and changed by every frontend. */
import { type ContextKey, type Result, type Setting, settingValue, success } from '../../contract/index.ts';
import { changeByWords, settingNamed } from '../settings/setting-change.ts';
import { changeSettings } from '../settings/settings.ts';
import type { Access } from './access.ts';
import type { Dependencies, Handlers } from './dependencies.ts';

type Names = 'getSettings' | 'changeSettings' | 'changeSetting';

export function settingsHandlers(dependencies: Dependencies, access: Access): Pick<Handlers, Names> {
  const { kubeconfigFiles } = dependencies.ports;

  async function keyOf(context: string, file: string): Promise<Result<ContextKey>> {
    const found = await access.find(context, file);
    return found.ok ? success({ context: found.value.name, file: found.value.file }) : found;
  }

  /** The contexts that words name. One that is set already may be named, and taken away, when its kubeconfig is gone. */
  async function contextsIn(setting: Setting, words: readonly string[]): Promise<Result<Map<string, ContextKey>>> {
    const contexts = new Map<string, ContextKey>();
    if (setting.word !== 'context') {
      return success(contexts);
    }
    const kept = [settingValue(dependencies.settings(), setting, null)].flat() as (ContextKey | null)[];
    for (const key of kept) {
      if (key !== null) {
        contexts.set(key.context, key);
      }
    }
    for (const word of words.filter((one) => !contexts.has(one))) {
      const key = await keyOf(word, '');
      if (!key.ok) {
        return key;
      }
      contexts.set(word, key.value);
    }
    return success(contexts);
  }

  return {
    getSettings: async () => success(dependencies.settings()),

    changeSettings: (input) => dependencies.changeSettings((before) => changeSettings(before, input)),

    changeSetting: async ({ name, context, file, change, words }) => {
      const setting = settingNamed(name, context !== '');
      if (!setting.ok) {
        return setting;
      }
      const key = setting.value.isOfContext ? await keyOf(context, file) : success(null);
      if (!key.ok) {
        return key;
      }
      const contexts = await contextsIn(setting.value, words);
      if (!contexts.ok) {
        return contexts;
      }
      const isOfFiles = setting.value.word === 'file';
      if (isOfFiles && (change === 'set' || change === 'add')) {
        const checked = await Promise.all(words.map((word) => kubeconfigFiles.check(word)));
        const unreadable = checked.find((one) => !one.ok);
        if (unreadable !== undefined && !unreadable.ok) {
          return unreadable;
        }
      }
      const before = dependencies.settings().kubeconfigFiles;
      const changed = await dependencies.changeSettings((settings) =>
        changeByWords(settings, {
          setting: setting.value,
          key: key.value,
          change,
          words,
          contexts: contexts.value,
        }),
      );
      if (changed.ok && isOfFiles) {
        const gone = before.filter((one) => !changed.value.kubeconfigFiles.includes(one));
        await Promise.all(gone.map((one) => kubeconfigFiles.forget(one)));
      }
      return changed;
    },
  };
}
