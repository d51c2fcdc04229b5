/** One setting changed by its name and words, as a command line gives them. Pure. */
import {
  allSettings,
  type ContextKey,
  defaultSettings,
  failure,
  isSameKey,
  nothingChosen,
  type Problem,
  problem,
  type Result,
  type Setting,
  type Settings,
  settingsSchema,
  settingValue,
  success,
  wordsOf,
  writtenAs,
} from '../../contract/index.ts';
import { contains, formatPrefix, parsePrefix } from '../../contract/prefix.ts';
import { withChoices } from './context-choices.ts';
import { changeSettings } from './settings.ts';

export interface SettingChange {
  readonly setting: Setting;
  /** Whose setting it is; null where it is of all. */
  readonly key: ContextKey | null;
  readonly change: 'set' | 'add' | 'remove' | 'reset';
  readonly words: readonly string[];
  /** The contexts that words name, where they name contexts. */
  readonly contexts: ReadonlyMap<string, ContextKey>;
}

/** The setting of this name, of one context or of all; `setting-invalid` where there is none. */
export function settingNamed(name: string, isOfContext: boolean): Result<Setting> {
  const named = allSettings.filter((one) => one.name === name);
  const found = named.find((one) => one.isOfContext === isOfContext) ?? named[0];
  if (found === undefined) {
    return refused(`there is no setting ${name}`);
  }
  return found.isOfContext === isOfContext
    ? success(found)
    : refused(isOfContext ? `${name} is a setting for all contexts` : `${name} is a setting of one context: name it`);
}

/** The settings with this change; `setting-invalid` with what is allowed, and then nothing is changed. */
export function changeByWords(settings: Settings, asked: SettingChange): Result<Settings> {
  const { setting, key, change } = asked;
  const isMany = setting.kind === 'list' || setting.kind === 'pairs';
  if (!isMany && (change === 'add' || change === 'remove')) {
    return refused(`${setting.name} holds one value: set it`);
  }
  const words = asked.words.map((word) => usualForm(setting, word));
  if (change !== 'reset' && words.length === 0 && (isMany || setting.kind !== 'text')) {
    return refused(`${setting.name} was given no value: ${allowedFor(setting)}`);
  }
  const malformed = words.map((word) => complaintAbout(setting, word)).find((one) => one !== null) ?? null;
  if (malformed !== null) {
    return refused(malformed);
  }
  const before = wordsOf(setting, settingValue(settings, setting, key));
  const next = after(asked, words, before);
  if (!next.ok) {
    return next;
  }
  const value = change === 'reset' ? success(initialOf(setting)) : valueFrom(asked, next.value);
  if (!value.ok) {
    return value;
  }
  const changed = settingsSchema.safeParse(put(settings, setting, key, value.value));
  if (!changed.success) {
    const because = changed.error.issues[0]?.message ?? '';
    return refused(`${setting.name} cannot be that (${because}): ${allowedFor(setting)}`);
  }
  const judged = changeSettings(settings, changed.data);
  return judged.ok ? judged : refused(judged.problem.cause);
}

/** Whichever words are to be there in the end. */
function after({ setting, change }: SettingChange, words: readonly string[], before: readonly string[]) {
  const nameOf = (word: string) => (setting.kind === 'pairs' ? (word.split('=', 1)[0] ?? '') : word);
  const names = new Set(words.map(nameOf));
  if (change === 'add') {
    return success([...before.filter((one) => !names.has(nameOf(one))), ...words]);
  }
  if (change === 'remove') {
    const missing = [...names].find((name) => !before.some((one) => nameOf(one) === name));
    return missing === undefined
      ? success(before.filter((one) => !names.has(nameOf(one))))
      : refused(notHeld(setting, missing, before));
  }
  if (setting.kind !== 'list' && setting.kind !== 'pairs' && words.length > 1) {
    return refused(`${setting.name} holds one value, and ${words.length} were given`);
  }
  return success(words);
}

/** Why one cannot be taken away. A range that is a part of one that is held names that one; one that is wider, its parts. */
function notHeld({ name, word }: Setting, missing: string, before: readonly string[]): string {
  const isWithin = (inner: string, outer: string) => {
    const [one, other] = [parsePrefix(inner), parsePrefix(outer)];
    return word === 'range' && one !== null && other !== null && contains(other, one);
  };
  const wider = before.filter((one) => isWithin(missing, one));
  if (wider.length > 0) {
    return `${name} holds ${missing} only as a part of ${wider.join(', ')}: remove that, and add what of it is still meant`;
  }
  const parts = before.filter((one) => isWithin(one, missing));
  return parts.length > 0
    ? `${name} does not hold ${missing}, but parts of it: ${parts.join(', ')}`
    : `${name} does not hold ${missing}; it holds ${before.join(', ') || 'nothing'}`;
}

/** A range as it is kept: with a length, and without bits behind it. */
function usualForm({ word, kind }: Setting, given: string): string {
  const text = given.trim();
  if (word !== 'range') {
    return kind === 'text' && text === 'none' ? '' : text;
  }
  const parsed = parsePrefix(text);
  return parsed === null ? text : formatPrefix(parsed);
}

/** What is wrong with one word; the rest is for changeSettings to say. */
function complaintAbout(setting: Setting, word: string): string | null {
  const { kind, allowed, name } = setting;
  if (allowed.length > 0 && !allowed.includes(kind === 'switch' ? switchWord(word) : word)) {
    return `${name} cannot be ${word}: ${allowedFor(setting)}`;
  }
  if (kind === 'pairs' && !/^[^=]+=/.test(word)) {
    return `${word} is not NAME=VALUE`;
  }
  if (setting.word === 'range' && word.endsWith('/0')) {
    return `${word} would be all traffic of this computer`;
  }
  if (setting.word === 'service' && !/^[^/]+\/[^/]+$/.test(word)) {
    return `${word} is not ${writtenAs.service}`;
  }
  return null;
}

const switchWord = (word: string): string => ({ true: 'on', yes: 'on', false: 'off', no: 'off' })[word] ?? word;

function allowedFor({ kind, allowed, word }: Setting): string {
  if (allowed.length > 0) {
    return `it can be ${allowed.join(', ')}`;
  }
  if (kind === 'json') {
    return 'it is written as JSON';
  }
  const example = kind === 'pairs' ? 'NAME=VALUE' : kind === 'number' ? 'a number' : writtenAs[word];
  return example === '' ? 'it is a text' : `it is written as ${example}`;
}

function valueFrom({ setting, key, contexts }: SettingChange, words: readonly string[]): Result<unknown> {
  const [first = ''] = words;
  const contextOf = (word: string) => contexts.get(word) ?? null;
  switch (setting.kind) {
    case 'switch':
      return success(switchWord(first) === 'on');
    case 'number':
      return success(Number(first));
    case 'pairs':
      return success(Object.fromEntries(words.map((word) => word.split(/=(.*)/s, 2))));
    case 'context':
      return success(contextOf(first));
    case 'json':
      return parsed(first);
    case 'list':
      return success(
        words.map((word) => {
          if (setting.word === 'service') {
            const [namespace, name] = word.split('/');
            return { ...key, namespace, name };
          }
          return setting.word === 'context' ? contextOf(word) : word;
        }),
      );
    default:
      return success(first);
  }
}

function parsed(text: string): Result<unknown> {
  try {
    return success(JSON.parse(text));
  } catch {
    return refused(`${text} is not JSON`);
  }
}

function initialOf({ name, isOfContext }: Setting): unknown {
  return isOfContext && name !== 'pinnedServices'
    ? nothingChosen[name as keyof typeof nothingChosen]
    : defaultSettings[name as keyof Settings];
}

function put(settings: Settings, { name, isOfContext }: Setting, key: ContextKey | null, value: unknown): Settings {
  if (!isOfContext || key === null) {
    return { ...settings, [name]: value };
  }
  if (name === 'pinnedServices') {
    const others = settings.pinnedServices.filter((pin) => !isSameKey(pin, key));
    return { ...settings, pinnedServices: [...others, ...(value as Settings['pinnedServices'])] };
  }
  return withChoices(settings, key.context, key.file, { [name]: value });
}

function refused(because: string): { readonly ok: false; readonly problem: Problem } {
  return failure(problem('setting-invalid', because));
}
