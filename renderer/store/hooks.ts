/** How components read the stores. A selector must answer the same value for the same state (no new arrays). */
import { createContext, useCallback, useContext, useMemo } from 'react';
import { useStore } from 'zustand';
import {
  type CommandName,
  type CommandOutput,
  type Connection,
  type Context,
  type ContextKey,
  connectionOf,
  isEstablished,
  isSameKey,
  type Place,
  type Pod,
  pairsOf,
  placeOf,
  type RangePair,
  type Service,
  type Settings,
  shortContextNames,
} from '../../app/contract/index.ts';
import type { App } from './app.ts';
import type { Bench } from './bench.ts';
import { choicesOf } from './context-choices.ts';
import type { CountersState } from './counters.ts';
import type { Flows } from './flows.ts';
import type { Answer, Inquiry } from './inquiries.ts';
import { type Listing, serviceKey } from './list-feed.ts';
import type { Listed } from './listed-services.ts';
import { type Contexts, findContext } from './listings.ts';
import type { Mirror } from './mirror.ts';
import type { ServiceTest } from './service-tests.ts';
import type { WindowState } from './window.ts';

export const AppContext = createContext<App | null>(null);

export function useApp(): App {
  const app = useContext(AppContext);
  if (app === null) {
    throw new Error('useApp outside of AppContext');
  }
  return app;
}

export const useMirror = <Value>(select: (mirror: Mirror) => Value): Value => useStore(useApp().mirror, select);
export const useContexts = <Value>(select: (contexts: Contexts) => Value): Value => useStore(useApp().contexts, select);
export const useSettings = (): Settings | null => useStore(useApp().settings.store, (state) => state.settings);
export const useServices = <Value>(select: (services: Listing<Service>) => Value): Value =>
  useStore(useApp().services.store, select);
export const useListedServices = <Value>(select: (services: Listed<Service>) => Value): Value =>
  useStore(useApp().listedServices.store, select);
export const usePods = <Value>(select: (pods: Listing<Pod>) => Value): Value => useStore(useApp().pods.store, select);
export const useListedPods = <Value>(select: (pods: Listed<Pod>) => Value): Value =>
  useStore(useApp().listedPods.store, select);
export const useServiceTest = (target: string): ServiceTest | null =>
  useStore(useApp().serviceTests.store, (state) => state.byTarget[target] ?? null);
export const useFlows = <Value>(select: (flows: Flows) => Value): Value => useStore(useApp().flows.store, select);
export const useBench = <Value>(select: (bench: Bench) => Value): Value => useStore(useApp().bench.store, select);
export const useCounters = <Value>(select: (counters: CountersState) => Value): Value =>
  useStore(useApp().counters.store, select);
/** The last answer to what was asked; null where it was about another subject. */
export function useAnswer<Name extends CommandName>(
  inquiry: Inquiry<Name>,
  subject: string,
): Answer<CommandOutput<Name>> | null {
  const answer = useStore(inquiry.store);
  return answer.subject === subject ? answer : null;
}
export const useActivity = () => useStore(useApp().activity);
export const useWindow = <Value>(select: (state: WindowState) => Value): Value => useStore(useApp().window, select);

/** The context in the middle; null where none is chosen or the kubeconfig no longer has it. */
export function useChosenContext(): Context | null {
  const chosen = useWindow((state) => state.chosen);
  return useContexts((state) => findContext(state.contexts, chosen));
}

/** Its connection; null is as good as off. */
export function useChosenConnection(): Connection | null {
  const chosen = useWindow((state) => state.chosen);
  return useMirror((state) => connectionOf(state.snapshot, chosen));
}

/** The namespace whose bare names resolve, or would: as connected, else as chosen, else as the kubeconfig says. */
export function useHomeNamespace(context: ContextKey | null): string {
  const connected = useMirror(({ snapshot }) => {
    const connection = connectionOf(snapshot, context);
    return connection !== null && isEstablished(connection) ? connection.homeNamespace : null;
  });
  const own = useContexts(({ contexts }) => findContext(contexts, context)?.namespace ?? '');
  const settings = useSettings();
  const chosen = settings === null || context === null ? '' : choicesOf(settings, context).homeNamespace;
  return connected ?? (chosen || own);
}

const noPairs: readonly RangePair[] = [];

/** The ranges of a context that have other addresses on this laptop. The same array for as long as they are the same. */
export function useRangePairs(context: ContextKey | null): readonly RangePair[] {
  const text = useMirror(({ snapshot }) => {
    const connection = connectionOf(snapshot, context);
    return connection !== null && isEstablished(connection) ? JSON.stringify(pairsOf(connection.routes)) : '[]';
  });
  return useMemo(() => (text === '[]' ? noPairs : (JSON.parse(text) as readonly RangePair[])), [text]);
}

const noPins: ReadonlySet<string> = new Set();

/** Keys of the Services of a context that are pinned. */
export function usePinned(context: ContextKey | null): ReadonlySet<string> {
  const pinned = useSettings()?.pinnedServices;
  return useMemo(
    () => (pinned === undefined ? noPins : new Set(pinned.filter((one) => isSameKey(one, context)).map(serviceKey))),
    [pinned, context],
  );
}

/** Where the core runs: how its commands are typed there, and who one is. */
export const usePlace = (): Place => placeOf(useMirror(({ snapshot }) => snapshot));

/** False while nothing that is shown can be of now: the core does not answer. */
export const useIsLive = (): boolean => useMirror(({ link }) => link.kind === 'live');

/** Who one is, as words tell it apart. */
export const useWho = (): 'root' | 'user' => (usePlace().isRoot ? 'root' : 'user');

const shortNames = new WeakMap<readonly Context[], ReadonlyMap<string, string>>();

/** How a context is called in a list; the whole name goes into a title beside it. */
export function useShortName(): (name: string) => string {
  const contexts = useContexts((state) => state.contexts);
  return useCallback(
    (name) => {
      const known = shortNames.get(contexts) ?? shortContextNames(contexts.map((context) => context.name));
      shortNames.set(contexts, known);
      return known.get(name) ?? name;
    },
    [contexts],
  );
}
