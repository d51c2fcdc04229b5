/** Row 5: large transfers both ways with equal checksums, and many connections (idle.test.ts has one that idles). */
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { must } from './programs.ts';
import { closeScene, type Scene, setScene, workload } from './scene.ts';

describe('bulk traffic', () => {
  let scene: Scene;
  const url = `http://${workload.blob.name}:${workload.blob.port}/blob`;

  beforeAll(async () => {
    scene = await setScene('plain', 'bulk');
    await scene.product.connect('sandbox', '--namespace', workload.http.namespace, '--base-image', workload.baseImage);
  });
  afterAll(async () => {
    await closeScene(scene);
  });

  it('downloads 500 MiB unchanged', async () => {
    const expected = (
      await must(scene.laptop, ['curl', '-sS', '-m', '60', `${url}?sum=1`], { deadline: 65_000 })
    ).trim();
    const script = `set -o pipefail; curl -sS -m 110 '${url}' | sha256sum`;
    const sum = await must(scene.laptop, ['bash', '-c', script], { deadline: 115_000 });
    expect(sum.split(' ')[0]).toBe(expected);
  });

  it('uploads 500 MiB unchanged', async () => {
    const folder = scene.product.folder;
    const script = `head -c ${500 << 20} /dev/urandom > ${folder}/upload && sha256sum < ${folder}/upload && curl -sS -m 110 -T ${folder}/upload '${url}'; rm -f ${folder}/upload`;
    const answer = await must(scene.laptop, ['bash', '-c', script], { deadline: 118_000 });
    const [sum = 'none', said = ''] = answer.split('\n');
    expect(said).toContain(sum.split(' ')[0]);
    expect(said).toContain(String(500 << 20));
  });

  it('carries 200 connections at once', async () => {
    const { echo } = workload;
    const script = `for i in $(seq 200); do probe tcp ${echo.name}:${echo.port} connection-$i & done; wait`;
    const answer = await must(scene.laptop, ['bash', '-c', script], { deadline: 60_000 });
    const lines = answer.split('\n').filter((line) => line !== '');
    expect(lines.filter((line) => !line.startsWith('connection-'))).toEqual([]);
    expect(new Set(lines).size).toBe(200);
  });
});
