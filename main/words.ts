/**
 * What main itself says: menus, tray, dialogs, notifications. The words are the window's (renderer/words), of which main
 * reads the files of words and nothing else; its own are the area `desktop`. They take names and numbers as they are: what
 * needs ICU's plurals or formats is the window's.
 */
import type { Problem, Settings } from '../app/contract/index.ts';
import type { Notice } from '../app/hosts/notices.ts';
import actionsEnglish from '../renderer/words/en/actions.json' with { type: 'json' };
import desktopEnglish from '../renderer/words/en/desktop.json' with { type: 'json' };
import homeEnglish from '../renderer/words/en/home.json' with { type: 'json' };
import kitEnglish from '../renderer/words/en/kit.json' with { type: 'json' };
import problemEnglish from '../renderer/words/en/problem.json' with { type: 'json' };
import servicesEnglish from '../renderer/words/en/services.json' with { type: 'json' };
import settingsEnglish from '../renderer/words/en/settings.json' with { type: 'json' };
import shellEnglish from '../renderer/words/en/shell.json' with { type: 'json' };
import stateEnglish from '../renderer/words/en/state.json' with { type: 'json' };
import actionsChinese from '../renderer/words/zh-CN/actions.json' with { type: 'json' };
import desktopChinese from '../renderer/words/zh-CN/desktop.json' with { type: 'json' };
import homeChinese from '../renderer/words/zh-CN/home.json' with { type: 'json' };
import kitChinese from '../renderer/words/zh-CN/kit.json' with { type: 'json' };
import problemChinese from '../renderer/words/zh-CN/problem.json' with { type: 'json' };
import servicesChinese from '../renderer/words/zh-CN/services.json' with { type: 'json' };
import settingsChinese from '../renderer/words/zh-CN/settings.json' with { type: 'json' };
import shellChinese from '../renderer/words/zh-CN/shell.json' with { type: 'json' };
import stateChinese from '../renderer/words/zh-CN/state.json' with { type: 'json' };

const inEnglish = {
  ...actionsEnglish,
  ...desktopEnglish,
  ...homeEnglish,
  ...kitEnglish,
  ...problemEnglish,
  ...servicesEnglish,
  ...settingsEnglish,
  ...shellEnglish,
  ...stateEnglish,
};

type Dictionary = Readonly<Record<keyof typeof inEnglish, string>>;

const inChinese: Dictionary = {
  ...actionsChinese,
  ...desktopChinese,
  ...homeChinese,
  ...kitChinese,
  ...problemChinese,
  ...servicesChinese,
  ...settingsChinese,
  ...shellChinese,
  ...stateChinese,
};

type OfContext = (context: string) => string;

export type Words = ReturnType<typeof wordsFrom>;

function wordsFrom(dictionary: Dictionary) {
  const say = (id: keyof Dictionary, values: Readonly<Record<string, string | number>> = {}) =>
    dictionary[id].replace(/\{(\w+)\}/g, (argument, name: string) => String(values[name] ?? argument));
  const ofContext =
    (id: keyof Dictionary): OfContext =>
    (context) =>
      say(id, { context });
  /** In this language where it has words for it; else as the core said it. */
  const titleOf = (problem: Problem | null): string => {
    const id = `problem.${problem?.code ?? ''}.title`;
    return Object.hasOwn(dictionary, id) ? say(id as keyof Dictionary, problem?.facts) : (problem?.title ?? '');
  };
  const notice: Readonly<Record<Notice['kind'], (context: string, problem: Problem | null) => string>> = {
    lost: ofContext('desktop.notice.lost'),
    recovered: ofContext('desktop.notice.recovered'),
    refused: ofContext('desktop.notice.refused'),
    failed: ofContext('desktop.notice.failed'),
    withdrawn: ofContext('desktop.notice.withdrawn'),
    degraded: (context, problem) => say('desktop.notice.degraded', { context, title: titleOf(problem) }),
    whole: ofContext('desktop.notice.whole'),
    login: ofContext('desktop.notice.login'),
  };
  return {
    off: say('state.off'),
    connecting: ofContext('desktop.connecting'),
    connected: ofContext('desktop.connected'),
    degraded: (context: string, problem: Problem | null) =>
      say('desktop.degraded', { context, title: titleOf(problem) }),
    reconnecting: ofContext('desktop.reconnecting'),
    disconnecting: say('state.disconnecting'),
    failed: ofContext('desktop.failed'),
    coreGone: say('shell.lost'),
    connect: ofContext('desktop.connect'),
    disconnect: say('actions.disconnect'),
    disconnectFrom: ofContext('desktop.disconnect'),
    cancel: say('kit.cancel'),
    stopTrying: say('home.stopTrying'),
    open: say('desktop.open'),
    diagnostics: say('shell.diagnostics'),
    quit: say('settings.closingQuit'),
    restored: say('desktop.restored'),
    leftOver: (count: number) => say('desktop.leftOver', { count }),
    notice,
    openInBrowser: say('services.openNow'),
    openTitle: (host: string) => say('desktop.openTitle', { host }),
    closeTitle: say('desktop.closeTitle'),
    closeDetail: say('desktop.closeDetail'),
    keepRunning: say('desktop.keepRunning'),
    remember: say('desktop.remember'),
    edit: say('desktop.edit'),
    view: say('desktop.view'),
    window: say('desktop.window'),
    help: say('actions.groupHelp'),
    settings: say('desktop.settings'),
    palette: say('desktop.palette'),
    shortcuts: say('desktop.shortcuts'),
    about: say('actions.goAbout'),
  } as const;
}

export const english = wordsFrom(inEnglish);
export const chinese = wordsFrom(inChinese);

export function wordsOf(language: Settings['language'], system: string): Words {
  const chosen = language === 'system' ? system : language;
  return chosen.toLowerCase().startsWith('zh') ? chinese : english;
}
