/** English: the language that says which words there are. One file an area; keys are `area.thing`. */
import about from './en/about.json';
import actions from './en/actions.json';
import activity from './en/activity.json';
import cause from './en/cause.json';
import diagnostics from './en/diagnostics.json';
import format from './en/format.json';
import home from './en/home.json';
import kit from './en/kit.json';
import problem from './en/problem.json';
import routes from './en/routes.json';
import services from './en/services.json';
import settings from './en/settings.json';
import shell from './en/shell.json';
import state from './en/state.json';
import welcome from './en/welcome.json';
import work from './en/work.json';

export const en = {
  ...about,
  ...actions,
  ...activity,
  ...cause,
  ...diagnostics,
  ...format,
  ...home,
  ...kit,
  ...problem,
  ...routes,
  ...services,
  ...settings,
  ...shell,
  ...state,
  ...welcome,
  ...work,
};

/** Every id that can be said. */
export type WordId = keyof typeof en;
