/** What every BenchPort must do. */
import { describe, expect, it } from 'vitest';
import { type BenchStep, benchStepSchema, type PathFigures, pathFiguresSchema } from '../../contract/index.ts';
import type { BenchPort } from '../../core/ports.ts';
import { closedAfterEach } from './settings.ts';

interface BenchSetting {
  readonly port: BenchPort;
  /** What is measured there at this moment. */
  running(): Promise<number>;
  close(): Promise<void>;
}

const subject = { path: 'apiserver', resolver: '127.0.0.1', clusterDomain: 'cluster.local' } as const;

export function testBench(name: string, make: () => Promise<BenchSetting>): void {
  describe(`bench: ${name}`, () => {
    const start = closedAfterEach(make);

    it('tells each step with what is known by then, and answers with all', async () => {
      const { port, running } = await start();
      const heard: { step: BenchStep; known: PathFigures }[] = [];
      const measured = await port.measure(
        subject,
        1000,
        (step, known) => heard.push({ step, known }),
        new AbortController().signal,
      );
      expect(heard.map(({ step }) => step)).toEqual(benchStepSchema.options);
      expect(heard[0]?.known).toMatchObject({ path: 'apiserver', request: null, transfers: [] });
      expect(heard.at(-1)?.known.transfers).toHaveLength(3);
      const figures = pathFiguresSchema.parse(measured.ok ? measured.value : null);
      expect(figures.transfers).toHaveLength(4);
      await expect.poll(running).toBe(0);
    });

    it('ends at its signal and leaves nothing', async () => {
      const { port, running } = await start();
      const abort = new AbortController();
      const steps: BenchStep[] = [];
      const measured = await port.measure(
        subject,
        1000,
        (step) => {
          steps.push(step);
          if (step === 'names') {
            abort.abort();
          }
        },
        abort.signal,
      );
      expect(measured.ok).toBe(false);
      expect(steps.at(-1)).toBe('names');
      await expect.poll(running).toBe(0);
    });
  });
}
