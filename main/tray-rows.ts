/**
 * The rows of the tray's menu: at most twelve, flat, made of the snapshot and what goes with it. Pure, so that every
 * state is tested by table. Names of a cluster are shown as text, cleaned and bounded.
 */
import {
  type Connection,
  type Context,
  connectionOf,
  isOn,
  isSameKey,
  keyOf,
  notOff,
  type PinnedService,
  type Snapshot,
  shortContextNames,
} from '../app/contract/index.ts';
import type { Words } from './words.ts';

export type TrayRow =
  | { readonly kind: 'status'; readonly label: string }
  | { readonly kind: 'separator' }
  | { readonly kind: 'connect' | 'disconnect'; readonly label: string; readonly context: string; readonly file: string }
  | { readonly kind: 'copy'; readonly label: string; readonly text: string }
  | { readonly kind: 'open' | 'diagnostics' | 'quit'; readonly label: string };

export interface TrayState {
  /** Null while the core does not answer. */
  readonly snapshot: Snapshot | null;
  readonly contexts: readonly Context[];
  readonly pinned: readonly PinnedService[];
}

/** Separators count: some desktops show them as rows. */
export const mostRows = 12;
const longestLabel = 48;

export type TrayLook = 'off' | 'busy' | 'on' | 'trouble';

export function trayLook({ snapshot }: TrayState): TrayLook {
  const [worst] = byNeed(snapshot);
  return worst === undefined ? (snapshot === null ? 'trouble' : 'off') : lookOf(worst);
}

function lookOf(connection: Connection): TrayLook {
  switch (connection.phase) {
    case 'connected':
      return connection.degraded.some(({ severity }) => severity !== 'info') ? 'trouble' : 'on';
    case 'preparing':
    case 'disconnecting':
      return 'busy';
    case 'reconnecting':
    case 'failed':
      return 'trouble';
    default:
      return 'off';
  }
}

const needs: readonly TrayLook[] = ['trouble', 'busy', 'on', 'off'];

/** The connections that there is something to say about, the one that needs its user most first. */
function byNeed(snapshot: Snapshot | null): Connection[] {
  const need = (connection: Connection) => needs.indexOf(lookOf(connection));
  return [...notOff(snapshot)].sort((one, other) => need(one) - need(other)); // Electron's Node may be older than toSorted
}

const isUp = (connection: Connection) => isOn(connection) && !['failed', 'disconnecting'].includes(connection.phase);
/** It is not on, and goes on trying: that can be stopped. */
const isTrying = (connection: Connection) => connection.phase === 'failed' && connection.retry === 'automatic';

export function trayRows(state: TrayState, words: Words): TrayRow[] {
  const connections = byNeed(state.snapshot);
  const last: TrayRow[] = [
    { kind: 'separator' },
    { kind: 'open', label: words.open },
    { kind: 'diagnostics', label: words.diagnostics },
    { kind: 'quit', label: words.quit },
  ];
  const status: TrayRow = { kind: 'status', label: statusOf(connections[0] ?? null, state, words) };
  const ends = connections
    .filter((connection) => isUp(connection) || isTrying(connection))
    .slice(0, mostRows - last.length - 1)
    .map(
      (connection, _, all): TrayRow => ({
        kind: 'disconnect',
        label: endOf(connection, all.length > 1, state, words),
        ...keyOf(connection),
      }),
    );
  const first = [status, ...ends];
  const room = mostRows - first.length - last.length;
  const up = connections.filter(isUp);
  const copied = copies(state, up, up.length === 0 ? 0 : Math.max(room - mostOffersBeside, Math.ceil(room / 2)));
  const offered = offers(state, words, up.length === 0 ? room : Math.min(room - copied.length, mostOffersBeside));
  return [...first, ...copied, ...offered, ...last];
}

/** How many others are offered while something is on. */
const mostOffersBeside = 3;

function endOf(connection: Connection, isOneOfSeveral: boolean, { contexts }: TrayState, words: Words): string {
  if (isOneOfSeveral) {
    return words.disconnectFrom(shortName(connection.cluster.context, contexts));
  }
  return isTrying(connection) ? words.stopTrying : connection.phase === 'preparing' ? words.cancel : words.disconnect;
}

function shortName(name: string, contexts: readonly Context[]): string {
  return short(shortContextNames([name, ...contexts.map((one) => one.name)]).get(name) ?? name);
}

/** Recent contexts first, then pinned or current ones are found in the window. */
function offers({ contexts, snapshot }: TrayState, words: Words, room: number): TrayRow[] {
  const isFree = ({ name, file }: Context) => !isOn(connectionOf(snapshot, { context: name, file }));
  const recent = contexts
    .filter((one) => one.problem === null && one.confirmed && (one.lastUsedAt !== null || one.current) && isFree(one))
    .sort((left, right) => (right.lastUsedAt ?? 0) - (left.lastUsedAt ?? 0))
    .slice(0, Math.min(room, 5));
  const names = shortContextNames(contexts.map(({ name }) => name));
  return recent.map(({ name, file }) => ({
    kind: 'connect',
    label: words.connect(short(names.get(name) ?? name)),
    context: name,
    file,
  }));
}

/** Names that work as things are: plain ones of the cluster whose names are in force, else with its suffix. */
function copies({ pinned }: TrayState, up: readonly Connection[], room: number): TrayRow[] {
  const rows = up.flatMap((connection) => {
    const names = connection.phase === 'connected' ? connection.names : null;
    const domain = names === null || names.clusterDomain === '' ? 'svc' : `svc.${names.clusterDomain}`;
    const suffix = names?.mode === 'elsewhere' ? `.${names.suffix ?? ''}` : '';
    return pinned
      .filter((one) => isSameKey(one, keyOf(connection)))
      .map(
        ({ namespace, name }): TrayRow => ({
          kind: 'copy',
          label: short(`${name}.${namespace}${suffix}`),
          text: `${name}.${namespace}.${domain}${suffix}`,
        }),
      );
  });
  return rows.slice(0, Math.max(0, Math.min(room, 5)));
}

function statusOf(connection: Connection | null, { snapshot, contexts }: TrayState, words: Words): string {
  if (snapshot === null) {
    return words.coreGone;
  }
  const context = shortName(connection?.cluster.context ?? '', contexts);
  switch (connection?.phase) {
    case 'preparing':
      return words.connecting(context);
    case 'connected': {
      const broken = connection.degraded.find(({ severity }) => severity === 'error');
      return broken === undefined ? words.connected(context) : short(words.degraded(context, broken));
    }
    case 'reconnecting':
      return words.reconnecting(context);
    case 'disconnecting':
      return words.disconnecting;
    case 'failed':
      return words.failed(context);
    default:
      return words.off;
  }
}

/** Without control, bidirectional and other invisible characters, and without the mnemonics that menus make of `&` and `_`. */
export function short(text: string): string {
  const clean = text.replace(/[\p{Cc}\p{Cf}\p{Zl}\p{Zp}]/gu, '').replace(/&/g, '&&');
  return clean.length > longestLabel ? `${clean.slice(0, longestLabel - 1)}…` : clean;
}
