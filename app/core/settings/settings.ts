/** Settings: what is in force, and which changes make sense. Pure but for the store that it is given. */
import { defaultSettings, failure, problem, type Result, type Settings, success } from '../../contract/index.ts';
import type { Policy } from '../connection/state.ts';
import type { Log, StorePort } from '../ports.ts';
import { parsePrefix } from '../routing/prefix.ts';

/** Reads the settings. A broken file was set aside by the store: the second reading finds none and answers defaults. */
export async function readSettings(store: StorePort, log: Log): Promise<Settings> {
  const first = await store.settings();
  if (first.ok) {
    return first.value;
  }
  log.warning('settings could not be read', { code: first.problem.code, cause: first.problem.cause });
  const second = await store.settings();
  return second.ok ? second.value : defaultSettings;
}

/** The settings after a change; a problem where a range is none. */
export function changeSettings(
  settings: Settings,
  change: { readonly [Key in keyof Settings]?: Settings[Key] | undefined },
): Result<Settings> {
  const given = Object.fromEntries(Object.entries(change).filter(([, value]) => value !== undefined));
  const changed: Settings = { ...settings, ...given };
  for (const range of [...changed.extraRanges, ...changed.excludedRanges]) {
    const { family } = parsePrefix(range);
    if (family === 'none') {
      return failure(problem('usage', `${range} is no range: write it as 10.20.0.0/16`));
    }
    if (family === 6 && changed.extraRanges.includes(range)) {
      return failure(problem('usage', `${range} is IPv6, which is not routed for now`));
    }
  }
  return success(changed.baseImage === '' ? { ...changed, baseImage: defaultSettings.baseImage } : changed);
}

/** The part that connections decide by. */
export function policyOf({ recover, extraRanges, excludedRanges }: Settings): Policy {
  return { recover, extraRanges, excludedRanges };
}
