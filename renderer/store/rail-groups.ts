/** How the rail orders contexts: what is on, what is pinned, what was used, the rest. Each stands once. */
import { type Context, connectionOf, isSameKey, type Settings, type Snapshot } from '../../app/contract/index.ts';
import { contextKey } from './listings.ts';

export type RailGroupName = 'connected' | 'pinned' | 'recent' | 'all';
export interface RailGroup {
  readonly name: RailGroupName;
  readonly contexts: readonly Context[];
}

const mostRecent = 5;

export function railGroups(
  contexts: readonly Context[],
  snapshot: Snapshot | null,
  settings: Settings | null,
  search: string,
): readonly RailGroup[] {
  const wanted = search.trim().toLowerCase();
  const fitting =
    wanted === ''
      ? contexts
      : contexts.filter((context) =>
          [context.name, context.cluster, context.server, context.user].some((text) =>
            text.toLowerCase().includes(wanted),
          ),
        );
  const groups: Record<RailGroupName, Context[]> = { connected: [], pinned: [], recent: [], all: [] };
  const recent = new Set(
    fitting
      .filter(({ lastUsedAt }) => lastUsedAt !== null)
      .sort((left, right) => (right.lastUsedAt ?? 0) - (left.lastUsedAt ?? 0))
      .slice(0, mostRecent),
  );
  for (const context of fitting) {
    const key = contextKey(context);
    const phase = connectionOf(snapshot, key)?.phase ?? 'off';
    if (phase !== 'off' && phase !== 'failed') {
      groups.connected.push(context);
    } else if (settings?.pinnedContexts.some((one) => isSameKey(one, key))) {
      groups.pinned.push(context);
    } else if (!recent.has(context)) {
      groups.all.push(context);
    }
  }
  const taken = new Set([...groups.connected, ...groups.pinned]);
  groups.recent = [...recent].filter((context) => !taken.has(context));
  return (['connected', 'pinned', 'recent', 'all'] as const)
    .map((name) => ({ name, contexts: groups[name] }))
    .filter((group) => group.contexts.length > 0);
}
