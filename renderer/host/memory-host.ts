/**
 * A host that lives in memory: scripted snapshots, answers and streams, for the kit page, the preview and tests. It is
 * never part of the product's bundle. What it answers is given by the script; nothing is made up here.
 */
import {
  type CommandInput,
  type CommandName,
  type CommandOutput,
  type Problem,
  problem,
  type Result,
  type Snapshot,
  type StreamItem,
  type StreamName,
} from '../../app/contract/index.ts';
import type { HostAbilities, HostLink, LinkState, Platform } from './host.ts';

export type Answers = {
  readonly [Name in CommandName]?: (
    input: CommandInput<Name>,
  ) => Result<CommandOutput<Name>> | Promise<Result<CommandOutput<Name>>>;
};

interface Listener {
  readonly stream: StreamName;
  readonly input: unknown;
  readonly hear: (item: unknown) => void;
  readonly end: (because: Problem | null) => void;
}

export interface MemoryHost extends HostAbilities {
  /** What was called, oldest first. */
  readonly called: { command: CommandName; input: unknown }[];
  readonly copied: string[];
  readonly opened: string[];
  setSnapshot(snapshot: Snapshot): void;
  setLink(state: LinkState): void;
  push<Name extends StreamName>(stream: Name, item: StreamItem<Name>): void;
  endStream(stream: StreamName, because: Problem | null): void;
  subscriptionsOf(stream: StreamName): readonly unknown[];
  askForAction(id: string): void;
}

export function memoryHost(script: {
  readonly snapshot?: Snapshot;
  readonly answers?: Answers;
  /** What a new subscriber of a stream hears at once. */
  readonly first?: { readonly [Name in StreamName]?: StreamItem<Name> };
  readonly link?: LinkState;
  readonly platform?: Platform;
}): MemoryHost {
  let snapshot = script.snapshot ?? null;
  let state: LinkState = script.link ?? { kind: 'live', build: 'memory' };
  const snapshotListeners = new Set<(snapshot: Snapshot) => void>();
  const stateListeners = new Set<(state: LinkState) => void>();
  const actionListeners = new Set<(id: string) => void>();
  const listeners = new Set<Listener>();
  const called: MemoryHost['called'] = [];
  const copied: string[] = [];
  const opened: string[] = [];

  const link: HostLink = {
    call: async (command, input) => {
      called.push({ command, input });
      if (state.kind !== 'live') {
        return { ok: false, problem: problem('core-unreachable', 'the scripted link is down') };
      }
      const answer = script.answers?.[command] as
        | ((given: typeof input) => Promise<Result<CommandOutput<typeof command>>>)
        | undefined;
      return answer === undefined
        ? { ok: false, problem: problem('internal', `the script has no answer to ${command}`) }
        : await answer(input);
    },
    watch: (listener) => {
      snapshotListeners.add(listener);
      if (snapshot !== null) {
        listener(snapshot);
      }
      return () => snapshotListeners.delete(listener);
    },
    subscribe: (stream, input, listener, ended) => {
      const own: Listener = { stream, input, hear: listener as (item: unknown) => void, end: ended };
      listeners.add(own);
      const first = script.first?.[stream];
      if (first !== undefined) {
        own.hear(first);
      }
      return () => listeners.delete(own);
    },
    watchState: (listener) => {
      stateListeners.add(listener);
      listener(state);
      return () => stateListeners.delete(listener);
    },
    retryNow: () => {},
  };

  return {
    kind: 'memory',
    platform: script.platform ?? 'linux',
    link,
    called,
    copied,
    opened,
    openExternal: async (url) => {
      opened.push(url);
      return true;
    },
    copyText: async (text) => {
      copied.push(text);
      return true;
    },
    pickKubeconfigs: () => null,
    pathOfFile: () => null,
    pickReportPath: async () => '',
    setTheme: () => {},
    onAction: (listener) => {
      actionListeners.add(listener);
      return () => actionListeners.delete(listener);
    },
    setSnapshot: (next) => {
      snapshot = next;
      for (const listener of [...snapshotListeners]) {
        listener(next);
      }
    },
    setLink: (next) => {
      state = next;
      for (const listener of [...stateListeners]) {
        listener(next);
      }
    },
    push: (stream, item) => {
      for (const listener of [...listeners].filter((one) => one.stream === stream)) {
        listener.hear(item);
      }
    },
    endStream: (stream, because) => {
      for (const listener of [...listeners].filter((one) => one.stream === stream)) {
        listeners.delete(listener);
        listener.end(because);
      }
    },
    subscriptionsOf: (stream) => [...listeners].filter((one) => one.stream === stream).map(({ input }) => input),
    askForAction: (id) => {
      for (const listener of [...actionListeners]) {
        listener(id);
      }
    },
  };
}
