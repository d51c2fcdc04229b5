/** Row 5, the connection that idles: a file of its own, because it does nothing but wait. */
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { run } from './programs.ts';
import { closeScene, type Scene, setScene, workload } from './scene.ts';

describe('idle connections', () => {
  let scene: Scene;

  beforeAll(async () => {
    scene = await setScene('plain', 'idle');
    await scene.product.connect('sandbox', '--namespace', workload.http.namespace, '--base-image', workload.baseImage);
  });
  afterAll(async () => {
    await closeScene(scene);
  });

  it('keeps a connection that idles for three times the shortest limit in force', async () => {
    // The shortest limit on this way is the agent's keep-alive and the heartbeat's 6 s; the engine's renewals are 20 s.
    const { echo } = workload;
    const outcome = await run(scene.laptop, ['probe', 'tcp-hold', `${echo.name}:${echo.port}`, '60s'], {
      deadline: 65_000,
    });
    expect(outcome.stdout.match(/echo \d/g)).toEqual(['echo 1', 'echo 2']);
    expect(outcome.stdout).not.toContain('broken');
  });
});
