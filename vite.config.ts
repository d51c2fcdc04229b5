/**
 * Builds the window. Two modes: the product (`index.html`, to out/renderer) and the kit page (`kit.html` and
 * `preview.html`, which run on the memory host and never ship).
 */
import { resolve } from 'node:path';
import react from '@vitejs/plugin-react';
import { defineConfig } from 'vite';

const here = resolve(import.meta.dirname, 'renderer');

export default defineConfig(({ mode }) => {
  const pages = mode === 'kit' ? ['kit.html', 'preview.html'] : ['index.html'];
  return {
    root: here,
    // Electron serves it under a scheme of its own and the web host under a path: only relative addresses fit both.
    base: './',
    publicDir: false,
    cacheDir: resolve(here, '../node_modules/.vite'),
    plugins: [react()],
    build: {
      // Electron 45 carries Chromium 14x; a browser of the web host may be a little older.
      target: 'chrome130',
      outDir: resolve(here, mode === 'kit' ? '../out/kit' : '../out/renderer'),
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
