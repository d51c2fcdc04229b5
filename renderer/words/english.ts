/** English: the language that says which words there are. One file an area; keys are `area.thing`. */
import { type CauseId, causeCatalogue } from '../../app/contract/index.ts';
import about from './en/about.json';
import actions from './en/actions.json';
import activity from './en/activity.json';
import bench from './en/bench.json';
import desktop from './en/desktop.json';
import diagnostics from './en/diagnostics.json';
import flows from './en/flows.json';
import format from './en/format.json';
import home from './en/home.json';
import kit from './en/kit.json';
import pods from './en/pods.json';
import problem from './en/problem.json';
import routes from './en/routes.json';
import services from './en/services.json';
import settings from './en/settings.json';
import shell from './en/shell.json';
import state from './en/state.json';
import welcome from './en/welcome.json';
import work from './en/work.json';

/** The core's own sentences: their English is the contract's. */
type CauseWords = { readonly [Id in CauseId as `cause.${Id}`]: string };
const cause = Object.fromEntries(
  Object.entries(causeCatalogue).map(([id, sentence]) => [`cause.${id}`, sentence]),
) as CauseWords;

export const en = {
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

/** Every id that can be said. */
export type WordId = keyof typeof en;
