import { Box, Boxes } from 'lucide-react';
import { useMemo } from 'react';
import { type Context, connectionOf, keyText } from '../../app/contract/index.ts';
import { keysOf } from '../actions/action.ts';
import { actions } from '../actions/registry.ts';
import { useActionContext, useRunAction } from '../actions/use-action.ts';
import { ForeignText } from '../kit/ForeignText.tsx';
import { StateDot } from '../kit/StateDot.tsx';
import { stateOf } from '../parts/connection-state.ts';
import { fieldWords } from '../parts/match-words.ts';
import {
  useApp,
  useContexts,
  useHomeNamespace,
  useIsLive,
  useListedServices,
  useMirror,
  usePinned,
  usePods,
  useServices,
  useShortName,
} from '../store/hooks.ts';
import { serviceKey } from '../store/list-feed.ts';
import { contextKey } from '../store/listings.ts';
import { parseQuery } from '../store/query.ts';
import { rankPods } from '../store/rank-pods.ts';
import { rankServices } from '../store/rank-services.ts';
import { nothingOpen } from '../store/window.ts';
import { useWords } from '../words/words.ts';
import styles from './Palette.module.css';
import type { Row } from './PaletteRow.tsx';
import { fitting, wordsOf } from './palette-items.ts';
import { useNamesInAll } from './use-names-in-all.ts';

export interface PaletteGroup {
  readonly id: 'clusters' | 'services' | 'pods' | 'actions';
  readonly heading: string;
  readonly rows: readonly Row[];
}

/** What the text finds, the group with the best row first. Without text there is what one begins with. */
export function usePaletteGroups(text: string): readonly PaletteGroup[] {
  const say = useWords();
  const groups: readonly PaletteGroup[] = [
    { id: 'clusters', heading: say('shell.paletteClusters'), rows: useClusters(text) },
    { id: 'services', heading: say('shell.paletteServices'), rows: useFoundServices(text) },
    { id: 'pods', heading: say('shell.palettePods'), rows: useFoundPods(text) },
    { id: 'actions', heading: say('shell.paletteActions'), rows: useActions(text) },
  ];
  const best = ({ rows }: PaletteGroup) => rows[0]?.grade ?? 0;
  return groups.filter(({ rows }) => rows.length > 0).sort((left, right) => best(left) - best(right));
}

function useActions(text: string): readonly Row[] {
  const context = useActionContext();
  const run = useRunAction();
  const say = useWords();
  const namesOf = useNamesInAll();
  const words = wordsOf(text);
  return fitting(
    actions.filter((action) => action.isKeyOnly !== true && action.isAvailable(context)),
    words,
    (action) => namesOf(action.words),
  ).map(({ item: action, grade }) => ({
    value: `action ${action.id}`,
    grade,
    mark: <action.icon className={styles.icon} aria-hidden="true" />,
    words: <ForeignText text={say(action.words)} marked={words} />,
    keys: keysOf(action, context.app.host.kind),
    choose: () => run(action),
  }));
}

function useClusters(text: string): readonly Row[] {
  const say = useWords();
  const app = useApp();
  const isLive = useIsLive();
  const shortName = useShortName();
  const contexts = useContexts((state) => state.contexts);
  const snapshot = useMirror((mirror) => mirror.snapshot);
  const words = wordsOf(text);
  return fitting(contexts, words, ({ name, server, cluster, user }) => ({
    names: [shortName(name), name],
    others: [server, cluster, user],
  }))
    .slice(0, text === '' ? 5 : 10)
    .map(({ item: context, grade }) => {
      const key = contextKey(context);
      const state = stateOf(connectionOf(snapshot, key), isLive);
      const isByName = words.every((word) => shortName(context.name).toLowerCase().includes(word));
      return {
        value: `cluster ${keyText(key)}`,
        grade,
        mark: <StateDot state={state} />,
        words: <ForeignText text={shortName(context.name)} title={context.name} marked={words} />,
        detail: isByName ? say(`state.${state}`) : <ForeignText text={foundIn(context, words)} marked={words} />,
        choose: () => app.window.setState({ view: 'cluster', chosen: key, ...nothingOpen }),
      };
    });
}

/** What of a context holds the words that its short name does not hold. */
function foundIn({ name, server, user, cluster }: Context, words: readonly string[]): string {
  return [name, server, user, cluster]
    .filter((text) => words.some((word) => text.toLowerCase().includes(word)))
    .join(' ');
}

/** Of the connected cluster, else of the list that was asked for. */
function useFoundServices(text: string): readonly Row[] {
  const say = useWords();
  const app = useApp();
  const streamed = useServices((state) => state.rows);
  const streamedOf = useServices((state) => state.context);
  const listed = useListedServices((state) => state.rows);
  const listedOf = useListedServices((state) => state.context);
  const [context, rows] = streamedOf === null ? [listedOf, listed] : [streamedOf, streamed];
  const homeNamespace = useHomeNamespace(context);
  const pinned = usePinned(context);
  const terms = useMemo(() => parseQuery(text), [text]);
  const found = useMemo(
    () =>
      terms.length === 0 ? [] : rankServices(rows, (service) => service, terms, { homeNamespace, pinned }).slice(0, 12),
    [terms, rows, homeNamespace, pinned],
  );
  const words = terms.map((term) => term.text);
  return found.map(({ item: service, match }) => {
    const { namespace, name } = service;
    const isTold = match.field === 'name' || match.field === 'full-name' || match.field === 'namespace';
    return {
      value: `service ${serviceKey(service)}`,
      grade: match.grade,
      mark: <Box className={styles.icon} aria-hidden="true" />,
      words: <ForeignText text={name} marked={words} />,
      detail: (
        <>
          {isTold ? null : (
            <span className={styles.found}>
              {say(fieldWords[match.field])} <ForeignText text={match.text} marked={words} />
            </span>
          )}
          <ForeignText text={namespace} marked={words} />
        </>
      ),
      choose: () =>
        app.window.setState({
          view: 'cluster',
          tab: 'services',
          chosen: context,
          service: { namespace, name },
          cursor: { namespace, name },
          // Of a cluster that is off its list is shown.
          isListing: streamedOf === null,
        }),
    };
  });
}

/** Pods of the connected cluster, which is asked for them while the palette is open. A Service of the same grade is meant sooner. */
function useFoundPods(text: string): readonly Row[] {
  const app = useApp();
  const rows = usePods((state) => state.rows);
  const context = usePods((state) => state.context);
  const terms = useMemo(() => parseQuery(text), [text]);
  const found = useMemo(
    () => (terms.length === 0 ? [] : rankPods(rows, (pod) => pod, terms).slice(0, 8)),
    [terms, rows],
  );
  const words = terms.map((term) => term.text);
  return found.map(({ item: pod, grade }) => {
    const at = { namespace: pod.namespace, name: pod.name };
    return {
      value: `pod ${serviceKey(at)}`,
      grade: grade + 0.5,
      mark: <Boxes className={styles.icon} aria-hidden="true" />,
      words: <ForeignText text={pod.name} marked={words} cut="start" />,
      detail: <ForeignText text={pod.addresses[0] ?? pod.namespace} marked={words} />,
      choose: () =>
        app.window.setState({
          view: 'cluster',
          tab: 'pods',
          chosen: context,
          pod: at,
          podCursor: at,
          isListing: false,
        }),
    };
  });
}
