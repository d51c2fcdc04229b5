import { describe, expect, it } from 'vitest';
import { Measurements } from './measurements.ts';

const figure = { name: 'no delay: 1 flow up', unit: 'Mbit/s' } as const;

describe('Measurements', () => {
  it('prints each arm and the ratio of medians against port-forward', () => {
    const measurements = new Measurements();
    for (const value of [400, 500, 450]) measurements.add('Slipway', figure, value);
    for (const value of [800, 900, 1000]) measurements.add('kubectl port-forward', figure, value);
    expect(measurements.markdown().split('\n')).toEqual([
      '| median (least–most) | kubectl port-forward | Slipway | Slipway / kubectl port-forward |',
      '| --- | --- | --- | --- |',
      '| no delay: 1 flow up, Mbit/s | 900 (800–1000) | 450 (400–500) | 0.50 |',
    ]);
  });
  it('leaves a cell empty where an arm has no such figure', () => {
    const measurements = new Measurements();
    measurements.add('Slipway', { name: 'memory of engine', unit: 'MiB' }, 40);
    measurements.add('kubectl port-forward', figure, 900);
    expect(measurements.markdown()).toContain('| memory of engine, MiB |  | 40.0 (40.0–40.0) |  |');
  });
});
