/**
 * What is asked of the core once in a while and shown until it is asked again: checks, a preview, a proof, the test of
 * the resolvers, a report. Here, and not in a view, so that a key or the palette can ask too and a view can be left meanwhile.
 */
import { createStore, type StoreApi } from 'zustand/vanilla';
import {
  type CommandInput,
  type CommandName,
  type CommandOutput,
  type ContextKey,
  connectionOf,
  keyOf,
  keyText,
  type Problem,
  type Snapshot,
} from '../../app/contract/index.ts';
import type { HostLink } from '../host/host.ts';
import type { MirrorStore } from './mirror.ts';

export interface Answer<Value> {
  /** What was asked about (keyText of a context, or empty). Answers about something else are not shown. */
  readonly subject: string;
  readonly isAsking: boolean;
  /** The last answer; stays while it is asked again about the same. */
  readonly value: Value | null;
  readonly problem: Problem | null;
  /** When it was answered, milliseconds since the epoch; 0 before. */
  readonly at: number;
}

export interface Inquiry<Name extends CommandName> {
  readonly store: StoreApi<Answer<CommandOutput<Name>>>;
  ask(subject: string, input: CommandInput<Name>): Promise<void>;
  forget(): void;
}

export function createInquiry<Name extends CommandName>(
  link: HostLink,
  command: Name,
  now: () => number = Date.now,
): Inquiry<Name> {
  const nothing = { subject: '', isAsking: false, value: null, problem: null, at: 0 };
  const store = createStore<Answer<CommandOutput<Name>>>(() => nothing);
  let epoch = 0;
  return {
    store,
    ask: async (subject, input) => {
      epoch += 1;
      const own = epoch;
      store.setState((old) =>
        old.subject === subject ? { isAsking: true } : { subject, isAsking: true, value: null, problem: null, at: 0 },
      );
      const result = await link.call(command, input);
      if (own !== epoch) {
        return; // somebody asked anew, or does not want to know any more
      }
      store.setState(
        result.ok
          ? { isAsking: false, value: result.value, problem: null, at: now() }
          : { isAsking: false, value: null, problem: result.problem, at: now() },
      );
    },
    forget: () => {
      epoch += 1;
      store.setState(nothing);
    },
  };
}

export interface Inquiries {
  readonly checks: Inquiry<'runChecks'>;
  readonly preview: Inquiry<'previewRoutes'>;
  readonly proof: Inquiry<'proveOff'>;
  readonly proxy: Inquiry<'getProxy'>;
  readonly resolvers: Inquiry<'testResolvers'>;
  readonly explanation: Inquiry<'explain'>;
  readonly report: Inquiry<'prepareReport'>;
  /** Where the report that is shown was written. */
  readonly written: Inquiry<'writeReport'>;
}

export function createInquiries(link: HostLink): Inquiries {
  return {
    checks: createInquiry(link, 'runChecks'),
    preview: createInquiry(link, 'previewRoutes'),
    proof: createInquiry(link, 'proveOff'),
    proxy: createInquiry(link, 'getProxy'),
    resolvers: createInquiry(link, 'testResolvers'),
    explanation: createInquiry(link, 'explain'),
    report: createInquiry(link, 'prepareReport'),
    written: createInquiry(link, 'writeReport'),
  };
}

/**
 * Asks for the proof whenever a connection that held something has been switched off, and forgets what connecting would change, which
 * was looked at before: networks and settings may be others by now, and it may have failed because of the connection itself. Returns
 * what ends it.
 */
export function lookAnewWhenOff(
  mirror: MirrorStore,
  { proof, preview }: Pick<Inquiries, 'proof' | 'preview'>,
): () => void {
  let before = mirror.getState().snapshot;
  return mirror.subscribe(({ snapshot }) => {
    if (snapshot === before) {
      return;
    }
    for (const key of switchedOff(before, snapshot)) {
      void proof.ask(keyText(key), key);
      if (preview.store.getState().subject === keyText(key)) {
        preview.forget();
      }
    }
    before = snapshot;
  });
}

/** Phases in which a connection may hold something of this computer or of the cluster. */
const holding: readonly string[] = ['connected', 'reconnecting', 'disconnecting'];

/**
 * Contexts whose connection held something and is off now. Snapshots are states, not events: a quick end may never be
 * seen as `disconnecting`.
 */
export function switchedOff(before: Snapshot | null, after: Snapshot | null): readonly ContextKey[] {
  if (before === null || after === null || before.processId !== after.processId) {
    return [];
  }
  return before.connections
    .filter(({ phase }) => holding.includes(phase))
    .map(keyOf)
    .filter((key) => (connectionOf(after, key)?.phase ?? 'off') === 'off');
}
