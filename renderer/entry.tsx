/** Where the window starts, and the only file that knows which host carries it. */
import { pages } from './views/registry.ts';
import '@fontsource-variable/inter';
import '@fontsource-variable/jetbrains-mono';
import './kit/base.css';
import { setNonce } from 'get-nonce';
import { createRoot } from 'react-dom/client';
import { config } from 'zod';
import { electronHost } from './host/electron-host.ts';
import { webHost } from './host/web-host.ts';
import { SlipwayWindow } from './shell/SlipwayWindow.tsx';
import { createApp } from './store/app.ts';

// The page's policy forbids code made from text, which zod would otherwise try for speed.
config({ jitless: true });
// Nor styles made of text, but for those that Radix marks so while a menu is open (app/hosts/web/page-policy.ts).
setNonce(document.querySelector<HTMLMetaElement>('meta[property="csp-nonce"]')?.nonce ?? '');

const host = window.slipway === undefined ? webHost() : electronHost(window.slipway);
const root = document.getElementById('root');
if (root !== null) {
  createRoot(root).render(<SlipwayWindow app={createApp(host, window.localStorage)} pages={pages} />);
}
