/** The window's own state: what is looked at. Kept in localStorage, so that the window opens as it was left. */
import { createStore, type StoreApi } from 'zustand/vanilla';
import {
  type ContextKey,
  defaultSettings,
  type ServiceKey,
  type Settings,
  settingsSchema,
} from '../../app/contract/index.ts';

export type View = 'cluster' | 'flows' | 'activity' | 'diagnostics' | 'settings' | 'about';
export const views = [
  'cluster',
  'flows',
  'activity',
  'diagnostics',
  'settings',
  'about',
] as const satisfies readonly View[];
/** Tabs of a cluster. */
export type Tab = 'services' | 'pods' | 'routes' | 'agent';
export const tabs = ['services', 'pods', 'routes', 'agent'] as const satisfies readonly Tab[];

export type SortColumn = 'name' | 'namespace' | 'type' | 'address' | 'ready' | 'age';
export interface ServiceFilter {
  readonly text: string;
  readonly isReadyOnly: boolean;
  readonly isPinnedOnly: boolean;
  readonly isGrouped: boolean;
  readonly sort: { readonly column: SortColumn; readonly isDescending: boolean };
}

export type PodColumn = 'name' | 'namespace' | 'address' | 'node' | 'status' | 'restarts' | 'age';
export interface PodFilter {
  readonly text: string;
  /** Those that are not as they should be. */
  readonly isTroubledOnly: boolean;
  readonly isGrouped: boolean;
  readonly sort: { readonly column: PodColumn; readonly isDescending: boolean };
}

export type LookChoice = Pick<Settings, 'theme' | 'contrast' | 'language'>;
const lookSchema = settingsSchema.pick({ theme: true, contrast: true, language: true });

export const lookOf = ({ theme, contrast, language }: Settings): LookChoice => ({ theme, contrast, language });

export interface WindowState {
  readonly view: View;
  readonly tab: Tab;
  /** The cluster in the middle. */
  readonly chosen: ContextKey | null;
  /** The Service whose panel is open. */
  readonly service: ServiceKey | null;
  /** The row that the keys are on; the panel's Service where it is open. */
  readonly cursor: ServiceKey | null;
  /** The port that was chosen in the panel, for that Service only. */
  readonly port: (ServiceKey & { readonly port: number }) | null;
  /** Likewise for pods. */
  readonly pod: ServiceKey | null;
  readonly podCursor: ServiceKey | null;
  readonly podPort: (ServiceKey & { readonly port: number }) | null;
  readonly podFilter: PodFilter;
  /** The page that waits for a yes before it is opened in the browser. */
  readonly opening: string | null;
  /** Of a cluster that is off: its Services or pods are looked at instead of what switching it on would change. */
  readonly isListing: boolean;
  readonly filter: ServiceFilter;
  /** The context whose details are to be confirmed before its first use; the dialog of views/home asks. */
  readonly confirming: ContextKey | null;
  readonly railSearch: string;
  /** Diagnostics' field for a name or an address has the keys, or is to have them once it is there. */
  readonly isExplaining: boolean;
  /** What that field is to be asked about once it is there; null: nothing. */
  readonly explained: string | null;
  readonly isPaletteOpen: boolean;
  readonly isShortcutSheetOpen: boolean;
  /** Of the detail panel, in CSS pixels. */
  readonly panelWidth: number;
  /** Theme and language as the core last told them: what the window starts in, before the core told them again. */
  readonly look: LookChoice;
}
export type WindowStore = StoreApi<WindowState>;

export const noFilter: ServiceFilter = {
  text: '',
  isReadyOnly: false,
  isPinnedOnly: false,
  isGrouped: false,
  sort: { column: 'name', isDescending: false },
};

export const noPodFilter: PodFilter = {
  text: '',
  isTroubledOnly: false,
  isGrouped: false,
  sort: { column: 'name', isDescending: false },
};

/** The lists of a cluster, and where the window keeps which row has the keys and which has its panel open. */
export const listFields = {
  services: { cursor: 'cursor', open: 'service' },
  pods: { cursor: 'podCursor', open: 'pod' },
} as const;
export type ListName = keyof typeof listFields;

/** Nothing is open of any list, and no row has the keys. */
export const nothingOpen = { service: null, cursor: null, pod: null, podCursor: null } as const;

export const panelWidths = { least: 300, usual: 340, most: 560 } as const;

const initial: WindowState = {
  view: 'cluster',
  tab: 'services',
  chosen: null,
  service: null,
  cursor: null,
  pod: null,
  podCursor: null,
  port: null,
  podPort: null,
  podFilter: noPodFilter,
  opening: null,
  isListing: false,
  filter: noFilter,
  confirming: null,
  railSearch: '',
  isExplaining: false,
  explained: null,
  isPaletteOpen: false,
  isShortcutSheetOpen: false,
  panelWidth: panelWidths.usual,
  look: lookOf(defaultSettings),
};

/** Raised when what is kept gets another shape; older ones are dropped. */
const version = 1;
const storageName = 'slipway.window';

export type Storage = Pick<globalThis.Storage, 'getItem' | 'setItem'>;

export function createWindow(storage: Storage | null): WindowStore {
  const store = createStore<WindowState>(() => ({ ...initial, ...restore(storage) }));
  store.subscribe((state) => {
    const { view, tab, chosen, filter, panelWidth, look } = state;
    const kept = { version, view, tab, chosen, panelWidth, look, filter: { ...filter, text: '' } };
    try {
      storage?.setItem(storageName, JSON.stringify(kept));
    } catch {
      // A full or forbidden storage costs the memory of the window, nothing else.
    }
  });
  return store;
}

/** What was kept, as far as it is still of use: it may come from another version or from a careless hand. */
function restore(storage: Storage | null): Partial<WindowState> {
  let kept: unknown;
  try {
    kept = JSON.parse(storage?.getItem(storageName) ?? 'null');
  } catch {
    return {};
  }
  if (typeof kept !== 'object' || kept === null || !('version' in kept) || kept.version !== version) {
    return {};
  }
  const { view, tab, chosen, filter, panelWidth, look } = kept as Partial<WindowState>;
  const knownLook = lookSchema.safeParse(look);
  return {
    ...(knownLook.success ? { look: knownLook.data } : {}),
    ...(views.some((one) => one === view) ? { view: view as View } : {}),
    ...(tabs.some((one) => one === tab) ? { tab: tab as Tab } : {}),
    ...(isContextKey(chosen) ? { chosen: { context: chosen.context, file: chosen.file } } : {}),
    ...(typeof filter === 'object' && filter !== null ? { filter: { ...noFilter, ...filter, text: '' } } : {}),
    ...(typeof panelWidth === 'number'
      ? { panelWidth: Math.min(panelWidths.most, Math.max(panelWidths.least, panelWidth)) }
      : {}),
  };
}

function isContextKey(value: unknown): value is ContextKey {
  return (
    typeof value === 'object' &&
    value !== null &&
    'context' in value &&
    'file' in value &&
    typeof value.context === 'string' &&
    typeof value.file === 'string'
  );
}
