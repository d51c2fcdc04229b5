/** Where things are for the window's tests. */
import { dirname, join } from 'node:path';
import { fileURLToPath } from 'node:url';

export const root = dirname(dirname(dirname(fileURLToPath(import.meta.url))));

/** The window as it ships, built by global-setup.ts. */
export const windowFolder = join(root, 'out/renderer');

/** Pictures for whoever looks at them; ignored by git, kept as artefacts of CI. */
export const screenshotFolder = join(root, 'out/gui-screenshots');

/** Debian's Chromium; another one by SLIPWAY_TEST_BROWSER. */
export const browserProgram = process.env.SLIPWAY_TEST_BROWSER ?? '/usr/bin/chromium';
