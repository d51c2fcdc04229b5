/** Scenes of a connection by a proxy: offered where there is no helper, and told as what it is. */
import type { Stage } from './stage.ts';
import { click, connect, type Scene, text } from './states.ts';

/** Where there is no helper. */
export async function connectByProxy(stage: Stage): Promise<void> {
  await connect(stage);
  await click(stage, 'button', 'Connect by proxy instead');
  await text(stage, 'by proxy, 127.0.0.1:1080');
}

export const proxyScenes: readonly Scene[] = [
  {
    scenarios: ['fast', 'helper-missing'],
    shots: [
      {
        name: 'home.by-proxy',
        go: async (stage) => {
          await connectByProxy(stage);
          await text(stage, 'names in programs that use the proxy');
        },
      },
      {
        name: 'routes.proxy',
        isContrasted: true,
        go: async (stage) => {
          await click(stage, 'tab', /^Routes/);
          await text(stage, 'socks5h://127.0.0.1:1080');
          await text(stage, /proxy-pac-url/);
        },
      },
      {
        name: 'routes.proxy-names',
        go: async (stage) => {
          const names = stage.page.getByText('The proxy, for programs that use it');
          await names.scrollIntoViewIfNeeded();
          await names.waitFor();
        },
      },
    ],
  },
  {
    scenarios: ['fast', 'helper-missing'],
    options: { context: { viewport: { width: 720, height: 520 } } },
    shots: [
      {
        name: 'narrow.routes.proxy',
        go: async (stage) => {
          await connectByProxy(stage);
          await click(stage, 'tab', /^Routes/);
          await text(stage, 'socks5h://127.0.0.1:1080');
        },
      },
    ],
  },
];
