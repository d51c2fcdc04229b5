/**
 * Builds the window. Three modes: the product (`index.html`, to out/renderer), the kit page (`kit.html` and
 * `preview.html`, which run on the memory host and never ship), and `old-electron`: the product for the Chromium 83 of
 * the Electron that tests can have.
 */
import { readFileSync } from 'node:fs';
import { resolve } from 'node:path';
import legacy from '@vitejs/plugin-legacy';
import react from '@vitejs/plugin-react';
import presetEnv from 'postcss-preset-env';
import { defineConfig } from 'vite';

const here = resolve(import.meta.dirname, 'renderer');
const { version } = JSON.parse(readFileSync(resolve(import.meta.dirname, 'package.json'), 'utf8')) as {
  version: string;
};

const folders: Readonly<Record<string, string>> = { kit: '../out/kit', 'old-electron': '../out-e9/renderer' };

export default defineConfig(({ mode }) => {
  const isOld = mode === 'old-electron';
  const pages = mode === 'kit' ? ['kit.html', 'preview.html'] : ['index.html'];
  return {
    root: here,
    // Electron serves it under a scheme of its own and the web host under a path: only relative addresses fit both.
    base: './',
    publicDir: false,
    cacheDir: resolve(here, '../node_modules/.vite'),
    plugins: [
      react(),
      isOld && legacy({ renderLegacyChunks: false, modernTargets: 'chrome 83', modernPolyfills: true }),
    ],
    ...(isOld
      ? {
          css: {
            transformer: 'postcss' as const,
            postcss: {
              plugins: [
                presetEnv({
                  browsers: 'chrome 83',
                  stage: 2,
                  preserve: false,
                  features: { 'cascade-layers': true, 'is-pseudo-class': true },
                }),
              ],
            },
          },
        }
      : {}),
    define: { 'import.meta.env.VITE_SLIPWAY_VERSION': JSON.stringify(version) },
    build: {
      // Electron 45 carries Chromium 14x; a browser of the web host may be a little older.
      target: isOld ? 'chrome83' : 'chrome130',
      ...(isOld ? { cssTarget: 'chrome83', cssMinify: 'lightningcss' as const } : {}),
      outDir: resolve(here, folders[mode] ?? '../out/renderer'),
      emptyOutDir: true,
      assetsInlineLimit: 0,
      modulePreload: { polyfill: false },
      reportCompressedSize: false,
      // It is read from the disk or the loopback: bytes cost little, further files would cost more.
      chunkSizeWarningLimit: 1000,
      rollupOptions: { input: pages.map((page) => resolve(here, page)) },
    },
    server: { host: '127.0.0.1', port: 5173, strictPort: false },
    preview: { host: '127.0.0.1' },
  };
});
