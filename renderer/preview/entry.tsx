/** The whole window over the samples, to look at while one works on it: `npm run kit`, then /preview.html?state=… */
import { pages } from '../views/registry.ts';
import '@fontsource-variable/inter';
import '@fontsource-variable/jetbrains-mono';
import '../kit/base.css';
import { createRoot } from 'react-dom/client';
import type { Settings } from '../../app/contract/index.ts';
import { SlipwayWindow } from '../shell/SlipwayWindow.tsx';
import { createApp } from '../store/app.ts';
import { type View, views } from '../store/window.ts';
import { playCounters, type SampleState, sampleHost, sampleStates } from './sample-host.ts';
import { sampleNow } from './samples.ts';

const query = new URLSearchParams(window.location.search);
const among = <Value extends string>(values: readonly Value[], name: string, otherwise: Value): Value =>
  values.find((value) => value === query.get(name)) ?? otherwise;

const state: SampleState = among(sampleStates, 'state', 'connected');
const settings: Partial<Settings> = {
  theme: among(['system', 'light', 'dark'], 'theme', 'system'),
  contrast: among(['system', 'more'], 'contrast', 'system'),
  language: among(['system', 'en', 'zh-CN'], 'language', 'system'),
};
const host = sampleHost(state, settings);
const app = createApp(host, null);
app.window.setState({ view: among<View>(views, 'view', 'cluster') });
playCounters(host);
if (state === 'lost') {
  host.setLink({ kind: 'lost', why: 'the core ended', since: sampleNow, nextTryAt: null });
}
const root = document.getElementById('root');
if (root !== null) {
  createRoot(root).render(<SlipwayWindow app={app} pages={pages} />);
}
