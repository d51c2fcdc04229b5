/** What frontends and the core read out of a snapshot, so that all of them mean the same by "on" or "routed". Pure. */
import type { ContextKey } from './contexts.ts';
import type { Connection, Phase, Place, Route, Snapshot } from './state.ts';

export const isSameKey = (left: ContextKey | null, right: ContextKey | null): boolean =>
  left?.context === right?.context && left?.file === right?.file;

/** One text for each context of each file. */
export const keyText = ({ context, file }: ContextKey): string => `${file}\n${context}`;

export const keyOf = ({ cluster: { context, file } }: Pick<Connection, 'cluster'>): ContextKey => ({ context, file });

/** The connection of a context; null where the core has none, which is as good as off. */
export function connectionOf(snapshot: Snapshot | null, key: ContextKey | null): Connection | null {
  return snapshot?.connections.find(({ cluster }) => isSameKey(cluster, key)) ?? null;
}

/** On, on its way there or back, or going to be tried again by itself: switching would end something. */
export function isOn(connection: Connection | null): boolean {
  return connection?.phase === 'failed' ? connection.retry === 'automatic' : (connection?.phase ?? 'off') !== 'off';
}

export type EstablishedConnection = Extract<Connection, { phase: 'connected' | 'reconnecting' }>;

/** It was connected, and is or comes back by itself. */
export function isEstablished<State extends { readonly phase: Phase }>(
  connection: State,
): connection is State & { readonly phase: 'connected' | 'reconnecting' } {
  return connection.phase === 'connected' || connection.phase === 'reconnecting';
}

/** The connections that there is something to say about: all that are not off. */
export function notOff(snapshot: Snapshot | null): readonly Connection[] {
  return snapshot?.connections.filter(({ phase }) => phase !== 'off') ?? [];
}

/** The one to show where there is room for one: the first that is not off, else the first. */
export function foremost(snapshot: Snapshot | null): Connection | null {
  return notOff(snapshot)[0] ?? snapshot?.connections[0] ?? null;
}

/** The laptop sends this range into the tunnel, or at least a part of it. */
export const isRouted = ({ decision }: Pick<Route, 'decision'>): boolean =>
  decision !== 'refused' && decision !== 'excluded';

/** The laptop reaches this range by itself: as a node of the cluster, or by a route to one. Nobody has excluded it. */
export const isLeftAlone = ({ decision, reason }: Pick<Route, 'decision' | 'reason'>): boolean =>
  decision === 'excluded' && (reason === 'own-node' || reason === 'own-way');

const usualPlace: Place = { invocation: 'slipway', isRoot: false, isInSandbox: false };

/** Where the core runs; the usual place before it told. */
export const placeOf = (snapshot: Snapshot | null): Place => snapshot?.place ?? usualPlace;

/** A command of ours, or a text with one in backticks, as it is typed where the core runs. */
export const asTyped = (text: string, invocation: string): string =>
  text.replace(/(^|`)(?:\.\/)?slipway(?=\s)/g, (_, before: string) => `${before}${invocation}`);
