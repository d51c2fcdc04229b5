import { describe, expect, it } from 'vitest';
import { allTimes, costBetween, parseSwitches, parseTime, type Used, usedBy, withDescendants } from './processor.ts';

const stat = (id: number, name: string, user: number, system: number) =>
  `${id} (${name}) S 7 1 1 0 -1 4194560 9 9 9 9 ${user} ${system} 900 900 20 0 5 0 4242 1000 20`;
const used = (id: number, started: number, seconds: number, switches: Record<string, number>): Used =>
  new Map([[id, { time: { id, parent: 1, seconds, started }, switches: new Map(Object.entries(switches)) }]]);

describe('parseTime', () => {
  it.each(['engine', 'tmux: server', 'a) S 1 (b'])('reads times behind the name %s', (name) => {
    expect(parseTime(stat(12, name, 150, 50))).toEqual({ id: 12, parent: 7, seconds: 2, started: 4242 });
  });
  it('takes nothing of the children that ended', () => {
    expect(parseTime(stat(12, 'sh', 0, 0)).seconds).toBe(0);
  });
});

describe('parseSwitches', () => {
  it('adds those that a task wanted and those that it did not', () => {
    expect(parseSwitches('Name:\tx\nvoluntary_ctxt_switches:\t30\nnonvoluntary_ctxt_switches:\t4\n')).toBe(34);
  });
  it('counts nothing of a task that is gone', () => {
    expect(parseSwitches('')).toBe(0);
  });
});

describe('withDescendants', () => {
  const processes = [
    { id: 2, parent: 1 },
    { id: 3, parent: 2 },
    { id: 4, parent: 3 },
    { id: 5, parent: 1 },
  ];
  it('follows children of children, and nobody else', () => {
    expect([...withDescendants(processes, [2])].sort()).toEqual([2, 3, 4]);
  });
  it('counts a process once that two roots have', () => {
    expect([...withDescendants(processes, [2, 3])].sort()).toEqual([2, 3, 4]);
  });
});

describe('costBetween', () => {
  it('is the difference, and a thread that began counts whole', () => {
    const cost = costBetween(used(9, 1, 2, { 9: 10 }), used(9, 1, 3.5, { 9: 14, 10: 6 }));
    expect(cost).toEqual({ seconds: 1.5, switches: 10 });
  });
  it('does not take a later process with the same id for the earlier one', () => {
    expect(costBetween(used(9, 1, 2, { 9: 10 }), used(9, 5, 0.5, { 9: 3 }))).toEqual({ seconds: 0.5, switches: 3 });
  });
  it('never goes below zero where one ended', () => {
    expect(costBetween(used(9, 1, 2, { 9: 10 }), new Map(), [9])).toEqual({ seconds: 0, switches: 0 });
  });
  it('counts only those that are asked for', () => {
    expect(costBetween(new Map(), used(9, 1, 2, { 9: 10 }), [8])).toEqual({ seconds: 0, switches: 0 });
  });
});

describe('this machine', () => {
  it.skipIf(process.platform !== 'linux')('shows this process with its work and its switches', () => {
    const before = usedBy([process.pid]);
    const spent = () => process.cpuUsage().user + process.cpuUsage().system;
    const end = spent() + 60_000; // six ticks
    while (spent() < end) {
      Math.sqrt(end);
    }
    expect(allTimes().some(({ id }) => id === process.pid)).toBe(true);
    expect(costBetween(before, usedBy([process.pid])).seconds).toBeGreaterThan(0);
    expect(costBetween(new Map(), usedBy([process.pid])).switches).toBeGreaterThan(0);
  });
  it.skipIf(process.platform !== 'linux')('is silent about a process that is not there', () => {
    expect(usedBy([2 ** 30]).size).toBe(0);
  });
});
