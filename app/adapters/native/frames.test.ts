import { expect, test } from 'vitest';
import { encodeFrame, frameReader } from './frames.ts';

function read(limit: number) {
  const documents: unknown[] = [];
  const failures: string[] = [];
  const take = frameReader(
    limit,
    (document) => documents.push(document),
    (because) => failures.push(because),
  );
  return { take, documents, failures };
}

test('frames survive any cutting', () => {
  const sent = [{ a: 1 }, { text: 'grüße \u{1f600}' }, [], { long: 'x'.repeat(70_000) }];
  const bytes = Buffer.concat(sent.map((document) => encodeFrame(document, 100_000)));
  for (const size of [1, 3, 4, 5, 1000, bytes.length]) {
    const { take, documents, failures } = read(100_000);
    for (let start = 0; start < bytes.length; start += size) {
      take(bytes.subarray(start, start + size));
    }
    expect(documents).toEqual(sent);
    expect(failures).toEqual([]);
  }
});

test('the bytes are those of the Go side: length in big endian, then JSON', () => {
  expect([...encodeFrame({ a: 1 }, 100)]).toEqual([0, 0, 0, 7, ...Buffer.from('{"a":1}')]);
});

test('a frame over the limit is refused before its body comes, and nothing after it is believed', () => {
  const { take, documents, failures } = read(10);
  take(Buffer.from([0xff, 0xff, 0xff, 0xff]));
  take(encodeFrame({}, 10));
  expect(failures).toHaveLength(1);
  expect(documents).toEqual([]);
  expect(() => encodeFrame('x'.repeat(20), 10)).toThrow(RangeError);
});

test('a body that is no JSON ends it, also an empty one', () => {
  for (const bytes of [Buffer.from([0, 0, 0, 1, 0x7b]), Buffer.from([0, 0, 0, 0])]) {
    const { take, documents, failures } = read(10);
    take(bytes);
    take(encodeFrame({}, 10));
    expect(failures).toEqual(['a frame was not JSON']);
    expect(documents).toEqual([]);
  }
});
