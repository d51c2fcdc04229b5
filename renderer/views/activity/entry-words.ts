/** What an entry says, and how the list is filtered, grouped and copied. Pure. */

import type { IntlShape } from 'react-intl';
import { type ActivityEntry, pathSchema, type Settings, type Work } from '../../../app/contract/index.ts';
import { endWords } from '../../parts/work-words.ts';
import { cleanText } from '../../words/clean-text.ts';
import { en } from '../../words/english.ts';
import { type Format, formatWith } from '../../words/format.ts';
import { problemWords } from '../../words/problem-words.ts';
import { type Say, sayWith, type WordId } from '../../words/words.ts';

export interface EntryWords {
  /** What happened, in a sentence. */
  readonly title: string;
  /** Its particulars; empty where there are none. */
  readonly detail: string;
}

const known = (id: string): id is WordId => Object.hasOwn(en, id);

export function entryWords(intl: IntlShape, entry: ActivityEntry): EntryWords {
  const say = sayWith(intl);
  const format = formatWith(intl);
  const id = `activity.kind.${entry.kind}`;
  const title = entry.kind === 'work-ended' ? workEnded(say, entry) : known(id) ? say(id) : entry.kind;
  const said = detailOf(say, format, entry);
  const why = entry.problem === null ? '' : problemWords(intl, entry.problem).title;
  return { title, detail: [said, why].filter((text) => text !== '').join(' · ') };
}

function workEnded(say: Say, { facts }: ActivityEntry): string {
  const { work = '', state = '' } = facts;
  if (work === 'report' && state === 'done') {
    return say('activity.reportPrepared'); // where it is shown belongs into a note of the moment
  }
  const isKnown = ['sandbox-start', 'sandbox-stop', 'report'].includes(work);
  const words = isKnown ? endWords({ kind: work as Work['kind'], state: state as Work['state'] }) : null;
  return words === null ? say('activity.kind.work-ended') : say(words);
}

function detailOf(say: Say, format: Format, { kind, facts }: ActivityEntry): string {
  const took = facts.milliseconds === undefined ? '' : format.took(Number(facts.milliseconds) || 0);
  switch (kind) {
    case 'connected':
      return joined(
        facts.routes === undefined ? '' : say('activity.routes', { count: Number(facts.routes) || 0 }),
        pathWords(say, facts.path),
        facts.interface,
        took === '' ? '' : say('activity.in', { took }),
      );
    case 'tunnel-recovered':
      return joined(took === '' ? '' : say('activity.after', { took }), pathWords(say, facts.path));
    case 'path-changed':
      return joined(pathWords(say, facts.path), facts.place, pathBefore(say, facts));
    case 'range-changed':
      return joined(rangeWords(say, facts), facts.conflict, facts.interface);
    case 'disconnected': {
      const left = Number(facts.leftOnHost) || 0;
      return joined(
        left > 0 ? say('activity.left', { count: left }) : say('activity.clean'),
        took === '' ? '' : say('activity.in', { took }),
      );
    }
    case 'connect-failed': {
      const step = `state.step.${facts.step ?? ''}`;
      return known(step) ? say('activity.atStep', { step: say(step) }) : '';
    }
    case 'agent-placed':
    case 'agent-replaced':
      return joined([facts.namespace, facts.pod].filter(Boolean).join('/'), facts.build);
    case 'names-changed': {
      const mode = `routes.mode.${facts.mode ?? ''}`;
      return known(mode) ? say(mode) : '';
    }
    case 'warning-went':
      return problemTitle(say, facts.code, facts.title);
    case 'settings-changed':
      return (facts.settings ?? '')
        .split(' ')
        .filter((name) => name !== '')
        .map((name) => settingWords(say, name as keyof Settings))
        .join(', ');
    case 'home-namespace-changed':
      return facts.namespace ?? '';
    case 'connect-asked':
      return facts.homeNamespace ?? '';
    case 'report-written':
      return facts.path ?? '';
    case 'core-started':
      return facts.build ?? '';
    default:
      return '';
  }
}

const joined = (...parts: readonly (string | undefined)[]): string => parts.filter(Boolean).join(' · ');

function rangeWords(say: Say, { prefix = '', decision = '' }: ActivityEntry['facts']): string {
  const id = `routes.decision.${decision}`;
  return joined(prefix, known(id) ? say(id) : decision);
}

function pathWords(say: Say, path: string | undefined): string {
  const known = pathSchema.safeParse(path);
  return known.success ? say(`state.path.${known.data}`) : '';
}

/** What became of the way before, where that is known. */
function pathBefore(say: Say, { before = '', outcome = '' }: ActivityEntry['facts']): string {
  const id = `state.outcome.${outcome}`;
  return before !== '' && known(id) ? say('activity.pathBefore', { place: before, outcome: say(id) }) : '';
}

function problemTitle(say: Say, code: string | undefined, otherwise: string | undefined): string {
  const id = `problem.${code ?? ''}.title`;
  // One with arguments lacks its facts here: then the core's own text says more.
  return known(id) && !en[id].includes('{') ? say(id) : (otherwise ?? '');
}

function settingWords(say: Say, name: string): string {
  const id = `settings.name.${name}`;
  return known(id) ? say(id) : name;
}

export interface ActivityFilter {
  readonly text: string;
  readonly severity: 'all' | 'warning' | 'error';
  /** Empty for all. */
  readonly context: string;
}

/** The entries that fit, newest first. */
export function filtered(
  intl: IntlShape,
  entries: readonly ActivityEntry[],
  { text, severity, context }: ActivityFilter,
): readonly ActivityEntry[] {
  const wanted = text.trim().toLowerCase();
  return entries
    .filter(
      (entry) =>
        (severity === 'all' || entry.severity === 'error' || entry.severity === severity) &&
        (context === '' || entry.context === context) &&
        (wanted === '' || searched(intl, entry).includes(wanted)),
    )
    .toReversed();
}

/** Two thousand entries are searched with every letter: what an entry says is put together once a language. */
const texts = new WeakMap<IntlShape, WeakMap<ActivityEntry, string>>();

function searched(intl: IntlShape, entry: ActivityEntry): string {
  const ofLanguage = texts.get(intl) ?? new WeakMap<ActivityEntry, string>();
  texts.set(intl, ofLanguage);
  const known = ofLanguage.get(entry);
  if (known !== undefined) {
    return known;
  }
  const { title, detail } = entryWords(intl, entry);
  const text = [title, detail, entry.context, entry.problem?.cause, entry.problem?.code].join(' ').toLowerCase();
  ofLanguage.set(entry, text);
  return text;
}

export type ActivityRow =
  | { readonly kind: 'day'; readonly key: string; readonly at: number; readonly count: number }
  | { readonly kind: 'entry'; readonly key: string; readonly entry: ActivityEntry };

/** Entries (newest first) under the days on which they happened, in the time zone of this computer. */
export function groupedByDay(entries: readonly ActivityEntry[]): readonly ActivityRow[] {
  const rows: ActivityRow[] = [];
  const counts = new Map<string, number>();
  const dayOf = ({ at }: ActivityEntry) => new Date(at).toDateString();
  for (const entry of entries) {
    counts.set(dayOf(entry), (counts.get(dayOf(entry)) ?? 0) + 1);
  }
  let last = '';
  for (const entry of entries) {
    const key = dayOf(entry);
    if (key !== last) {
      last = key;
      rows.push({ kind: 'day', key, at: entry.at, count: counts.get(key) ?? 0 });
    }
    rows.push({ kind: 'entry', key: `${entry.id} ${entry.at}`, entry });
  }
  return rows;
}

/** As text for somebody else: one line an entry, its cause below it. Times are ISO 8601, so that they mean the same everywhere. */
export function entriesText(intl: IntlShape, entries: readonly ActivityEntry[]): string {
  return entries
    .map((entry) => {
      const { title, detail } = entryWords(intl, entry);
      const head = [new Date(entry.at).toISOString(), entry.severity, entry.context].filter((part) => part !== '');
      const cause =
        entry.problem === null ? '' : `\n    ${entry.problem.code}: ${cleanText(entry.problem.cause, 2000)}`;
      return `${head.join('  ')}  ${cleanText(title)}${detail === '' ? '' : ` · ${cleanText(detail, 1000)}`}${cause}`;
    })
    .join('\n');
}

/** Today and yesterday by name, other days by date. */
export function dayWords(say: Say, format: Pick<Format, 'day'>, at: number, now: number): string {
  const midnight = new Date(now).setHours(0, 0, 0, 0);
  const yesterday = new Date(midnight - 1).toDateString();
  const day = new Date(at).toDateString();
  return day === new Date(now).toDateString()
    ? say('activity.today', { day: format.day(at) })
    : day === yesterday
      ? say('activity.yesterday', { day: format.day(at) })
      : format.day(at);
}
