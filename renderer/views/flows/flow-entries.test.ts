import { expect, it } from 'vitest';
import { type Flow, flowStateSchema } from '../../../app/contract/index.ts';
import { listedFlows, noFlowFilter, sortAfter } from './flow-entries.ts';
import { destinationText, stateLooks } from './flow-words.ts';

const flow = (id: number, rest: Partial<Flow> = {}): Flow => ({
  ...{ id, source: `198.18.0.2:${40_000 + id}`, destination: '10.96.0.20:80', target: null, state: 'open' },
  ...{ beganAt: id * 1000, endedAt: null, bytesUp: 0, bytesDown: 0, rateUp: 0, rateDown: 0 },
  ...{ answerMicroseconds: null, serviceMicroseconds: null, program: null },
  ...rest,
});
const psql = flow(1, {
  program: { user: 'jane', processId: 4711, name: 'psql', executable: '/usr/bin/psql' },
  target: { kind: 'service', namespace: 'webshop', name: 'orders-db', port: 'postgres' },
  rateDown: 7,
});
const curl = flow(2, {
  program: { user: 'jane', processId: 22, name: 'curl', executable: '/usr/bin/curl' },
  state: 'refused',
  bytesDown: 5,
});
const stranger = flow(3, { program: { user: 'root', processId: null, name: '', executable: '' }, bytesUp: 9 });
const all = [psql, curl, stranger];
const ids = (filter: Partial<typeof noFlowFilter>) =>
  listedFlows(all, { ...noFlowFilter, ...filter }).map(({ id }) => id);

it.each([
  [{}, [3, 2, 1]],
  [{ text: 'PSQL' }, [1]],
  [{ text: '4711' }, [1]],
  [{ text: 'orders-db.webshop jane' }, [1]],
  [{ text: 'postgres' }, [1]],
  [{ text: '40002' }, [2]],
  [{ text: 'root' }, [3]],
  [{ text: 'nobody' }, []],
  [{ shown: 'live' as const }, [3, 1]],
  [{ shown: 'failed' as const }, [2]],
  [{ sort: { column: 'program' as const, isDescending: false } }, [2, 1, 3]],
  [{ sort: { column: 'down' as const, isDescending: true } }, [2, 3, 1]],
  [{ sort: { column: 'up' as const, isDescending: true } }, [3, 2, 1]],
  [{ sort: { column: 'rate' as const, isDescending: true } }, [1, 3, 2]],
  [{ sort: { column: 'age' as const, isDescending: true } }, [1, 2, 3]],
  [{ sort: { column: 'destination' as const, isDescending: true } }, [1, 3, 2]],
])('%j lists %j', (filter, expected) => {
  expect(ids(filter)).toEqual(expected);
});

it.each([
  ['the Service of a pod', 'ledger.infra'],
  ['the address in the cluster, of a mapped one', '10.96.0.20:5432'],
  ['the address on the laptop', '198.19.0.20'],
])('finds a flow by %s', (_, text) => {
  const mapped = flow(4, {
    ...{ destination: '198.19.0.20:5432', real: '10.96.0.20:5432' },
    target: { kind: 'pod', namespace: 'infra', name: 'books-0', port: 'postgres', service: 'ledger' },
  });
  expect(listedFlows([...all, mapped], { ...noFlowFilter, text }).map(({ id }) => id)).toEqual([4]);
});

it('turns an order around, and begins amounts with the greatest and ages with the least', () => {
  expect(sortAfter(noFlowFilter.sort, 'age')).toEqual({ column: 'age', isDescending: true });
  expect(sortAfter({ column: 'rate', isDescending: true }, 'age')).toEqual(noFlowFilter.sort);
  expect(sortAfter(noFlowFilter.sort, 'rate')).toEqual({ column: 'rate', isDescending: true });
  expect(sortAfter(noFlowFilter.sort, 'program')).toEqual({ column: 'program', isDescending: false });
});

it.each([
  ['orders-db', 'postgres', 'orders-db.webshop:postgres'],
  ['orders-db', '', 'orders-db.webshop:80'],
  ['\u202e\u200b', 'http', '10.96.0.20:80'],
])('of %j and the port %j it shows %s', (name, port, shown) => {
  expect(destinationText(flow(1, { target: { kind: 'service', namespace: 'webshop', name, port } }))).toBe(shown);
  expect(destinationText(flow(1))).toBe('10.96.0.20:80');
});

it('has words for every state, no two the same', () => {
  expect(Object.keys(stateLooks).sort()).toEqual([...flowStateSchema.options].sort());
  expect(new Set(Object.values(stateLooks).map(({ words }) => words)).size).toBe(flowStateSchema.options.length);
});
