/** Row 8: nothing is left, in the cluster too, after a disconnect and after Ctrl-C. vanishing.test.ts has the rest. */
import { afterEach, beforeEach, describe, expect, it } from 'vitest';
import { run } from './programs.ts';
import { closeScene, type Scene, setScene, workload } from './scene.ts';

describe('what is left', () => {
  let scene: Scene;
  const connectArguments = ['sandbox', '--namespace', workload.http.namespace, '--base-image', workload.baseImage];

  beforeEach(async () => {
    scene = await setScene('plain', 'leftovers');
  });
  afterEach(() => closeScene(scene));

  it('is nothing after a disconnect', async () => {
    await scene.product.connect(...connectArguments);
    expect(await scene.ours()).not.toEqual([]);
    expect((await scene.product.disconnect()).code).toBe(0);
    expect(await scene.unchanged()).toEqual([]);
    expect(await scene.left()).toEqual([]);
  });

  it('is nothing after Ctrl-C during a connect, at several moments', async () => {
    for (const moment of [200, 700, 1500, 2500]) {
      const interrupted = await run(
        scene.product.place,
        [
          'timeout',
          '--signal=INT',
          '--foreground',
          `${moment / 1000}`,
          process.execPath,
          'app/hosts/cli/main.ts',
          'connect',
          ...connectArguments,
        ],
        { deadline: 40_000 },
      );
      if (interrupted.code === 0) {
        await scene.product.slipway(['disconnect']);
      }
      await scene.product.slipway(['disconnect', '--quit']);
      expect(await scene.unchanged(), `${moment} ms`).toEqual([]);
      expect(await scene.left(), `${moment} ms`).toEqual([]);
    }
  });
});
