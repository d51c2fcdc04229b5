/** Which page shows which view. Each is its own chunk: the first look loads only what it shows. */

import { type ComponentType, lazy } from 'react';
import type { Pages } from '../shell/Frame.tsx';
import type { View } from '../store/window.ts';
import { ClusterView } from './home/ClusterView.tsx';

const viewOf: Readonly<Record<View, ComponentType>> = {
  cluster: ClusterView,
  flows: lazy(async () => ({ default: (await import('./flows/FlowsView.tsx')).FlowsView })),
  activity: lazy(async () => ({ default: (await import('./activity/ActivityView.tsx')).ActivityView })),
  diagnostics: lazy(async () => ({ default: (await import('./diagnostics/DiagnosticsView.tsx')).DiagnosticsView })),
  settings: lazy(async () => ({ default: (await import('./settings/SettingsView.tsx')).SettingsView })),
  about: lazy(async () => ({ default: (await import('./about/AboutView.tsx')).AboutView })),
};

const Welcome = lazy(async () => ({ default: (await import('./welcome/WelcomeView.tsx')).WelcomeView }));

export const pages: Pages = { viewOf, Welcome };
