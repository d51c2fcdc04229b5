import { describe, expect, it } from 'vitest';
import { arms, over } from './figures.ts';
import type { Goal } from './goals.ts';
import { Measurements } from './measurements.ts';

const figure = { name: 'no delay: 1 flow up', unit: 'Mbit/s' } as const;
const goal: Goal = {
  figure: figure.name,
  arm: arms.ours,
  bound: '≥',
  limit: 1.2,
  against: { arm: arms.portForward },
};

describe('Measurements', () => {
  it('prints each arm, the ratio of medians with the peer, the goal and that it was missed', () => {
    const measurements = new Measurements([goal]);
    for (const value of [400, 500, 450]) measurements.add(arms.ours, figure, value);
    for (const value of [800, 900, 1000]) measurements.add(arms.portForward, figure, value);
    expect(measurements.markdown().split('\n')).toEqual([
      '| median (least–most) | kubectl port-forward | Slipway | against | goal | reached? |',
      '| --- | --- | --- | --- | --- | --- |',
      '| no delay: 1 flow up, Mbit/s | 900 (800–1000) | 450 (400–500) | 0.50 × kubectl port-forward | ≥ 1.2 × kubectl port-forward | not reached |',
    ]);
    expect(measurements.summary()).toBe('0 of 1 goals reached, 1 not, 0 not measured.');
  });
  it('names every peer that was measured, and whose value it is where it is not the usual one', () => {
    const measurements = new Measurements([]);
    measurements.add(arms.ours, figure, 450);
    measurements.add(arms.ourDirect, figure, 600);
    measurements.add(arms.bare, figure, 1000);
    measurements.add(arms.kubevpn, figure, 150);
    expect(measurements.markdown()).toContain('| 3.0 × kubevpn; Slipway, direct path 0.60 × direct route |');
  });
  it('leaves a cell empty where an arm has no such figure, and says nothing of a goal for an arm that was not measured', () => {
    const direct: Goal = { ...goal, arm: arms.ourDirect };
    const measurements = new Measurements([goal, direct]);
    measurements.add(arms.ours, { name: 'memory of engine', unit: 'MiB' }, 40);
    measurements.add(arms.portForward, figure, 900);
    expect(measurements.markdown().split('\n').slice(2)).toEqual([
      '| no delay: 1 flow up, Mbit/s | 900 (900–900) |  |  |  |  |',
      '| memory of engine, MiB |  | 40.0 (40.0–40.0) |  |  |  |',
    ]);
    expect(measurements.summary()).toBe('0 of 2 goals reached, 0 not, 2 not measured.');
  });
  it('says that a goal cannot be judged where the peer is missing', () => {
    const measurements = new Measurements([goal]);
    measurements.add(arms.ours, figure, 450);
    expect(measurements.markdown()).toContain('|  | ≥ 1.2 × kubectl port-forward | not measured |');
  });
  it('keeps a figure that only one arm has among its neighbours, whichever arm began', () => {
    const measurements = new Measurements([]);
    const add = (arm: (typeof arms)[keyof typeof arms], ...names: readonly string[]) => {
      for (const name of names) measurements.add(arm, { name, unit: 'ms' }, 1);
    };
    add(arms.portForward, 'up', 'down');
    add(arms.ours, 'up', 'engine up', 'down', 'engine down');
    add(arms.bare, 'up', 'down', 'last');
    const names = measurements.markdown().split('\n').slice(2);
    expect(names.map((row) => row.split(/[|,]/)[1]?.trim())).toEqual([
      'up',
      'engine up',
      'down',
      'last',
      'engine down',
    ]);
  });
  it('keeps sections together, in whatever order they were measured', () => {
    const measurements = new Measurements([]);
    const names = ['one agent, 1 laptop: heap for each', 'memory of core', 'disconnect', 'connect', over('40ms', 'up')];
    for (const name of [...names, over('none', 'up'), over('40ms-loss', 'up'), 'something else']) {
      measurements.add(arms.ours, { name, unit: 'each' }, 1);
    }
    const firsts = measurements.markdown().split('\n').slice(2);
    expect(firsts.map((row) => row.split('|')[1]?.trim())).toEqual([
      over('none', 'up'),
      over('40ms', 'up'),
      over('40ms-loss', 'up'),
      'connect',
      'disconnect',
      'memory of core',
      'one agent, 1 laptop: heap for each',
      'something else',
    ]);
  });
});
