import { defineConfig } from 'vite';

/** The page is files of one folder that ask for nothing elsewhere: nothing inline, no addresses from the root. */
// oxlint-disable-next-line import/no-default-export -- vite asks for it
export default defineConfig({
  root: decodeURIComponent(new URL('.', import.meta.url).pathname),
  base: './',
  oxc: { jsx: { runtime: 'automatic', importSource: 'preact' } },
  build: {
    outDir: '../../dist/inspector-page',
    emptyOutDir: true,
    target: 'es2022',
    // A data: address is none of 'self'.
    assetsInlineLimit: 0,
    modulePreload: { polyfill: false },
    // The layout library is one and a half megabytes, in a worker of its own.
    chunkSizeWarningLimit: 2000,
    reportCompressedSize: false,
  },
});
