import { beforeEach, describe, expect, it, vi } from 'vitest';
import { type CoreLink, type Flow, type FlowsItem, flowStateSchema } from '../../contract/index.ts';
import { chooseContext } from './caller.ts';
import { destinationOf, flowsKnown, flowsSummary, flowsTable, listFlows, orderedFlows } from './flows.ts';

const flow = (id: number, rest: Partial<Flow> = {}): Flow => ({
  ...{ id, source: '198.18.0.2:40000', destination: '10.96.0.20:5432', state: 'open' },
  target: { kind: 'service', namespace: 'webshop', name: 'orders-db', port: 'postgres' },
  ...{ beganAt: id * 1000, endedAt: null, bytesUp: 517, bytesDown: 734_003_200, rateUp: 0, rateDown: 1500 },
  ...{ answerMicroseconds: 1900, serviceMicroseconds: 300 },
  program: { user: 'jane', processId: 4711, name: 'psql', executable: '/usr/bin/psql' },
  ...rest,
});
const item = (rest: Partial<FlowsItem> = {}): FlowsItem => ({
  ...{ kind: 'changes', changed: [], gone: [], at: 100_000, live: 2, opening: 0 },
  ...{ path: 'apiserver', roundTripMicroseconds: 1200, programsKnown: true },
  ...rest,
});

it('shows who has what where, within 80 columns whatever it is called', () => {
  const long = 'x'.repeat(300);
  const hostile = 'evil\u001b[2J\nname\u202e';
  const rows = flowStateSchema.options.map((state, id) =>
    flow(id, {
      state,
      target: { kind: 'pod', namespace: long, name: hostile, port: long },
      program: { user: long, processId: 4_194_304, name: `${hostile}${long}`, executable: long },
      ...{ bytesUp: 999_900_000_000, bytesDown: 999_900 },
    }),
  );
  const lines = flowsTable([flow(1), flow(2, { target: null, program: null }), ...rows], 'text', 0).split('\n');
  expect(lines[0]).toMatch(/^PROGRAM +DESTINATION +STATE +DOWN +UP$/);
  expect(lines[1]).toMatch(/^psql 4711 +orders-db\.webshop:postgr… +open +734 MB +517 B$/);
  expect(lines[2]).toMatch(/^not known +10\.96\.0\.20:5432 +open/);
  expect(lines).toHaveLength(flowStateSchema.options.length + 3);
  for (const line of lines) {
    expect(line.length, line).toBeLessThanOrEqual(80);
    expect(line).not.toContain('\u001b');
  }
});

it('says of another user’s process whose it is, and in wide everything', () => {
  const stranger = flow(1, { program: { user: 'root', processId: null, name: '', executable: '' } });
  expect(flowsTable([stranger], 'text', 0)).toContain('user root');
  const wide = flowsTable([flow(1)], 'wide', 61_000);
  for (const part of ['orders-db.webshop:postgres', '60 s', '1.9 ms', '0.3 ms', '198.18.0.2:40000', '/usr/bin/psql']) {
    expect(wide).toContain(part);
  }
});

it('names a port by its number where it has no name', () => {
  expect(destinationOf(flow(1, { target: { kind: 'pod', namespace: 'a', name: 'b', port: '' } }))).toBe('b.a:5432');
  expect(destinationOf(flow(1, { target: null, destination: '[fd00::1]:80' }))).toBe('[fd00::1]:80');
});

describe('listing them', () => {
  beforeEach(() => chooseContext('')); // files share a process

  const connection = { phase: 'connected', cluster: { context: 'production', file: 'config', server: 'https://api' } };
  function begin(isWatched: boolean, phase = 'connected') {
    let end: (because: null) => void = () => {};
    const core = {
      call: async () => ({ ok: true, value: { connections: [{ ...connection, phase }] } }),
      subscribe: (_stream: string, _subject: object, _listener: unknown, ended: typeof end) => {
        end = ended;
        return () => {};
      },
    } as unknown as CoreLink;
    return { listed: listFlows(core, 'json', isWatched), end: () => end(null) };
  }
  const interrupt = () => process.listeners('SIGINT').at(-1)?.('SIGINT');
  const begun = () => new Promise((resolve) => setImmediate(resolve));

  it('ends with Ctrl-C as a success only where it was to go on until that', async () => {
    const watched = begin(true);
    await begun();
    interrupt();
    await watched.listed;
    const once = begin(false);
    await begun();
    interrupt();
    await expect(once.listed).rejects.toMatchObject({ exitCode: 130 });
  });

  it('says that it waits for a connection that comes back', async () => {
    const written = vi.spyOn(process.stderr, 'write').mockReturnValue(true);
    try {
      const { listed, end } = begin(false, 'reconnecting');
      await begun();
      expect(written.mock.calls.flat().join('')).toContain('is coming back');
      end();
      await expect(listed).rejects.toMatchObject({ exitCode: 7 });
    } finally {
      written.mockRestore();
    }
  });

  it('says that the cluster was switched off', async () => {
    const { listed, end } = begin(true);
    await begun();
    end();
    await expect(listed).rejects.toMatchObject({
      because: { code: 'not-connected', facts: { context: 'production' } },
      exitCode: 7,
    });
  });
});

it('lists what lives before what ended, the newest first', () => {
  const ended = [flow(5, { state: 'refused', endedAt: 9000 }), flow(6, { state: 'closed', endedAt: 8000 })];
  expect(orderedFlows([flow(1), ...ended, flow(2)]).map(({ id }) => id)).toEqual([2, 1, 5, 6]);
});

it('knows what changes leave, and forgets everything at a whole list', () => {
  const take = flowsKnown();
  take(item({ kind: 'all', changed: [flow(1), flow(2)] }));
  expect([...take(item({ changed: [flow(3)], gone: [1] })).keys()]).toEqual([2, 3]);
  expect([...take(item({ kind: 'all', changed: [flow(4)] })).keys()]).toEqual([4]);
});

it.each([
  [item(), 2, /^2 open, through the API server, round trip 1\.2 ms\.\nTCP only: datagrams and ping are not listed\.$/],
  [
    item({ live: 20_000, opening: 20_000, path: 'apiserver', roundTripMicroseconds: 60_000_000, programsKnown: false }),
    1000,
    /^20000 open \(20000 of them [\s\S]*The 1000 busiest are shown/,
  ],
  [item({ programsKnown: false }), 2, /Programs are not looked up on this system\./],
])('sums up %# within 80 columns', (of, shown, expected) => {
  const said = flowsSummary(of, shown);
  expect(said).toMatch(expected);
  expect(Math.max(...said.split('\n').map(({ length }) => length))).toBeLessThanOrEqual(80);
});
