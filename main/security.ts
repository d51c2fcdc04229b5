/**
 * What no page of this app may do, whatever it holds: Electron's security checklist for every web contents and for the
 * session. docs/security.md lists the twenty points and where each is shown.
 */
import { app, type Session, session, type WebContents } from 'electron';
import { isWindowAddress, mayRequest } from './addresses.ts';
import { refuseNewWindows } from './platform.ts';

/** Before the app is ready: every page is sandboxed, also one that somebody forgot. */
export function hardenApp(): void {
  // With --no-sandbox (root, in tests) the system's sandbox is off for all and cannot be asked for.
  if (!app.commandLine.hasSwitch('no-sandbox')) {
    app.enableSandbox();
  }
  app.on('web-contents-created', (_, contents) => hardenContents(contents));
}

/** When the app is ready. */
export function hardenSession(target: Session = session.defaultSession): void {
  // Electron grants every permission that nobody refuses.
  target.setPermissionRequestHandler((_contents, _permission, settle) => settle(false));
  target.setPermissionCheckHandler(() => false);
  // The window has all it needs in the app: a request to anywhere else is a mistake or an attack.
  target.webRequest.onBeforeRequest((details, settle) => settle({ cancel: !mayRequest(details.url) }));
}

function hardenContents(contents: WebContents): void {
  refuseNewWindows(contents, () => {});
  contents.on('will-navigate', (event, url) => {
    if (!isWindowAddress(url)) {
      event.preventDefault();
    }
  });
  contents.on('will-attach-webview', (event) => event.preventDefault());
}
