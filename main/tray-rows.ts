/**
 * The rows of the tray's menu: at most twelve, flat, made of the snapshot and what goes with it. Pure, so that every
 * state is tested by table. Names of a cluster are shown as text, cleaned and bounded.
 */
import {
  type Connection,
  type Context,
  foremost,
  isOn,
  isSameKey,
  keyOf,
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
  const connection = foremost(snapshot);
  switch (connection?.phase) {
    case 'connected':
      return connection.degraded.some(({ severity }) => severity !== 'info') ? 'trouble' : 'on';
    case 'preparing':
    case 'disconnecting':
      return 'busy';
    case 'reconnecting':
    case 'failed':
      return 'trouble';
    default:
      return snapshot === null ? 'trouble' : 'off';
  }
}

export function trayRows(state: TrayState, words: Words): TrayRow[] {
  const connection = foremost(state.snapshot);
  const isUp = connection !== null && isOn(connection) && !['failed', 'disconnecting'].includes(connection.phase);
  // It is not on, and goes on trying: that can be stopped.
  const isTrying = connection?.phase === 'failed' && connection.retry === 'automatic';
  const label = isTrying ? words.stopTrying : connection?.phase === 'preparing' ? words.cancel : words.disconnect;
  const last: TrayRow[] = [
    { kind: 'separator' },
    { kind: 'open', label: words.open },
    { kind: 'diagnostics', label: words.diagnostics },
    { kind: 'quit', label: words.quit },
  ];
  const first: TrayRow[] = [{ kind: 'status', label: statusOf(connection, state, words) }];
  if (isUp || isTrying) {
    first.push({ kind: 'disconnect', label, ...keyOf(connection) });
  }
  const room = mostRows - first.length - last.length;
  return [...first, ...(isUp ? copies(state, connection, room) : offers(state, words, room)), ...last];
}

/** Recent contexts first, then pinned or current ones are found in the window. */
function offers({ contexts }: TrayState, words: Words, room: number): TrayRow[] {
  const recent = contexts
    .filter(
      ({ problem, lastUsedAt, current, confirmed }) =>
        problem === null && confirmed && (lastUsedAt !== null || current),
    )
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

function copies({ pinned }: TrayState, connection: Connection, room: number): TrayRow[] {
  const domain = connection.phase === 'connected' ? connection.names.clusterDomain : '';
  const ours = pinned.filter((one) => isSameKey(one, keyOf(connection)));
  return ours.slice(0, Math.min(room, 5)).map(({ namespace, name }) => ({
    kind: 'copy',
    label: short(`${name}.${namespace}`),
    text: domain === '' ? `${name}.${namespace}.svc` : `${name}.${namespace}.svc.${domain}`,
  }));
}

function statusOf(connection: Connection | null, { snapshot, contexts }: TrayState, words: Words): string {
  if (snapshot === null) {
    return words.coreGone;
  }
  const name = connection?.cluster.context ?? '';
  const context = short(shortContextNames([name, ...contexts.map((one) => one.name)]).get(name) ?? name);
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
