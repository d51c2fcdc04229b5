/** Simplified Chinese. The type says that it has the words of English, all of them and no others. */

import type { WordId } from './english.ts';
import about from './zh-CN/about.json';
import actions from './zh-CN/actions.json';
import activity from './zh-CN/activity.json';
import bench from './zh-CN/bench.json';
import cause from './zh-CN/cause.json';
import desktop from './zh-CN/desktop.json';
import diagnostics from './zh-CN/diagnostics.json';
import flows from './zh-CN/flows.json';
import format from './zh-CN/format.json';
import home from './zh-CN/home.json';
import kit from './zh-CN/kit.json';
import pods from './zh-CN/pods.json';
import problem from './zh-CN/problem.json';
import routes from './zh-CN/routes.json';
import services from './zh-CN/services.json';
import settings from './zh-CN/settings.json';
import shell from './zh-CN/shell.json';
import state from './zh-CN/state.json';
import welcome from './zh-CN/welcome.json';
import work from './zh-CN/work.json';

export const chinese: Readonly<Record<WordId, string>> = {
  ...about,
  ...actions,
  ...activity,
  ...bench,
  ...cause,
  ...desktop,
  ...diagnostics,
  ...flows,
  ...format,
  ...home,
  ...kit,
  ...pods,
  ...problem,
  ...routes,
  ...services,
  ...settings,
  ...shell,
  ...state,
  ...welcome,
  ...work,
};
