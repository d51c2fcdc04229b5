/** How long connecting and disconnecting take, as the user of the CLI waits for them. */
import type { Product } from '../cluster/product.ts';
import { eventually, must, type Place, run } from '../cluster/programs.ts';
import { workload } from '../cluster/workload.ts';
import { connecting } from './figures.ts';

export const connectArguments = ['--namespace', workload.http.namespace, '--base-image', workload.baseImage];
const context = 'sandbox';

/** Takes each figure once; `add` gets milliseconds. Leaves the product disconnected and its core ended. */
export async function measureConnecting(
  product: Product,
  laptop: Place,
  add: (figure: string, milliseconds: number) => void,
): Promise<void> {
  await product.disconnect();
  await gone(product);
  const names = await must(laptop, ['cat', '/etc/resolv.conf']);
  const timed = async (figure: string, action: () => Promise<unknown>) => {
    const started = performance.now();
    await action();
    add(figure, performance.now() - started);
  };
  const connect = () => product.connect(context, ...connectArguments);

  await timed(connecting.cold, connect);
  // A core that was killed leaves its agent behind: the next one finds it waiting.
  for (const id of await product.processIds('core')) {
    try {
      process.kill(id, 'SIGKILL');
    } catch {
      // the shell that looked for the core, which ended meanwhile
    }
  }
  await gone(product);
  await timed(connecting.waiting, connect);
  await disconnect(product, laptop, names, add);
  await timed(connecting.atOnce, connect);
  await disconnect(product, laptop, names, add);
  await eventually(
    async () => (await product.snapshot()).connections.every(({ phase }) => phase === 'off'),
    30_000,
    20,
  );
  await timed(connecting.coldAgent, connect);
  await disconnect(product, laptop, names, add);
  await product.disconnect();
}

/** Until the laptop is as it was, and until the CLI has said so. */
async function disconnect(
  product: Product,
  laptop: Place,
  names: string,
  add: (figure: string, milliseconds: number) => void,
): Promise<void> {
  const device = /^\d+: ([^:@]+)/.exec(await must(laptop, ['ip', '-o', 'link', 'show', 'type', 'tun']))?.[1] ?? '';
  const until = `until [ ! -e /sys/class/net/${device} ] && printf %s "$0" | cmp -s - /etc/resolv.conf; do sleep 0.01; done`;
  const started = performance.now();
  const restored = must(laptop, ['sh', '-c', until, names]).then(() => performance.now() - started);
  await product.slipway(['disconnect']);
  add('disconnect, as the command waits for it', performance.now() - started);
  add('disconnect, laptop restored', await restored);
}

/** Waits until no engine runs and no interface of it is left. */
async function gone(product: Product): Promise<void> {
  await eventually(
    async () => {
      const links = await run(product.place, ['ip', '-o', 'link', 'show', 'type', 'tun']);
      return links.stdout.trim() === '' && (await product.processIds('engine')).length === 0;
    },
    15_000,
    100,
  );
}
