/** What an API server of an attacker may send: each costs a problem that is told, and a bounded part of the memory. */
import type { ServerResponse } from 'node:http';
import { createServer } from 'node:net';
import { Readable } from 'node:stream';
import { gzipSync } from 'node:zlib';
import { describe, expect, test, vi } from 'vitest';
import { noAgentPodChoices } from '../../contract/index.ts';
import type { Catalogue } from '../../core/ports.ts';
import { type Answer, type Seen, watchAnswer } from '../testing/api-server.ts';
import { closedAfterEach, openScene } from '../testing/scene.ts';
import { boundedLines, boundedText, largestList } from './bounded.ts';

const closing = closedAfterEach();

async function open(route: (seen: Seen) => Answer | undefined, proxy = '') {
  return openScene(closing, route, proxy === '' ? {} : { cluster: { 'proxy-url': proxy } });
}

const piece = Buffer.alloc(1 << 20, 'a');

/** Writes until the other end goes away; answers how many bytes left. */
function flood(response: ServerResponse, head: string, filling = piece): { sent: number } {
  const count = { sent: 0 };
  response.write(head);
  const more = () => {
    while (!response.destroyed) {
      count.sent += filling.length;
      if (!response.write(filling)) {
        response.once('drain', more);
        return;
      }
    }
  };
  more();
  return count;
}

/** A gigabyte of spaces in a megabyte. */
const bomb = Buffer.concat(Array<Buffer>(64).fill(gzipSync(Buffer.alloc(16 << 20, ' '))));

/** The most that the process held while `work` ran, above what it held before; bytes. */
async function growthOf(work: () => Promise<unknown>): Promise<number> {
  const before = process.memoryUsage().rss;
  let most = before;
  const look = setInterval(() => {
    most = Math.max(most, process.memoryUsage().rss);
  }, 5);
  await work();
  clearInterval(look);
  return Math.max(most, process.memoryUsage().rss) - before;
}

describe('an answer that is larger than anybody reads', () => {
  const attacks: [string, (response: ServerResponse) => void][] = [
    [
      'a gzip bomb',
      (response) => {
        response.setHeader('content-encoding', 'gzip');
        response.end(bomb);
      },
    ],
    ['a body without end', (response) => void flood(response, '{"items":["')],
    ['a head without end', (response) => void response.setHeader('x-long', 'a'.repeat(100_000)).end('{}')],
  ];
  const operations = [
    ['the list of namespaces', (cluster: Opened) => cluster.listNamespaces()],
    ['the catalogue', (cluster: Opened) => cluster.listCatalogue([])],
    ['what rights there are', (cluster: Opened) => cluster.checkRights('home')],
    ['the version', (cluster: Opened) => cluster.reach()],
  ] as const;
  type Opened = Awaited<ReturnType<typeof open>>['cluster'];

  describe.each(attacks)('%s', (_, attack) => {
    test.each(operations)('in %s is a problem with a way out', async (_name, ask) => {
      const { cluster } = await open(() => attack);
      let answer: Awaited<ReturnType<typeof ask>> | null = null;
      const growth = await growthOf(async () => {
        answer = await ask(cluster);
      });
      expect(answer).toMatchObject({ ok: false, problem: { code: 'answer-too-large' } });
      expect(growth).toBeLessThan(700 << 20);
    });
  });

  test('is not read on after the bound', async () => {
    let count = { sent: 0 };
    const { cluster } = await open(() => (response) => {
      count = flood(response, '{"gitVersion":"');
    });
    expect((await cluster.reach()).ok).toBe(false);
    expect(count.sent).toBeLessThan(largestList + (32 << 20)); // and what sockets hold
  });

  test('in a refusal does not hide the refusal', async () => {
    const { cluster } = await open(() => (response) => {
      response.statusCode = 403;
      flood(response, 'no ');
    });
    const wish = { namespace: 'team', image: 'x', baseImage: '', pod: noAgentPodChoices };
    const placed = await cluster.placeAgent(wish, () => {}, new AbortController().signal);
    expect(placed).toMatchObject({ ok: false, problem: { code: 'gateway-blocks' } });
  });

  test('pages that never end are not followed', async () => {
    const page = { kind: 'List', metadata: { continue: 'more', resourceVersion: '1' }, items: [] };
    const { cluster, server } = await open(() => ({ body: page }));
    expect(await cluster.listCatalogue([])).toMatchObject({ ok: false, problem: { code: 'answer-too-large' } });
    expect((await cluster.discoverRanges()).ok).toBeDefined();
    expect(server.requests.length).toBeLessThan(20);
  });
});

describe('a watch', () => {
  const soon = { timeout: 12_000, interval: 20 };
  const one = { metadata: { name: 'one', namespace: 'home' }, spec: { clusterIP: '10.96.0.1' } };

  async function follow(attack: (response: ServerResponse) => void) {
    let attacks = 0;
    const { cluster } = await open(({ path, query }) => {
      if (query.get('watch') !== 'true') {
        return { body: { metadata: { resourceVersion: '1' }, items: path.endsWith('services') ? [one] : [] } };
      }
      if (path !== '/api/v1/services') {
        return watchAnswer(() => {});
      }
      attacks += 1;
      return attack;
    });
    const heard: Catalogue[] = [];
    closing.push(cluster.watchCatalogue((catalogue) => heard.push(catalogue)));
    await vi.waitFor(() => expect(heard.at(-1)?.problems.map(({ code }) => code)).toEqual(['answer-too-large']), soon);
    // It looks into the home namespace instead, as where it may not look everywhere.
    await vi.waitFor(() => expect(heard.at(-1)?.services.map(({ name }) => name)).toEqual(['one']), soon);
    return { attacks: () => attacks, heard };
  }

  test('with a line without end is ended, and told', async () => {
    let count = { sent: 0 };
    const { attacks } = await follow((response) => {
      count = flood(response, '{"type":"ADDED","object":{"metadata":{"name":"');
    });
    expect(count.sent).toBeLessThan(64 << 20);
    expect(attacks()).toBe(1);
  });

  test('that packs a line without end is ended, and told', async () => {
    await follow((response) => {
      response.setHeader('content-encoding', 'gzip');
      response.end(bomb);
    });
  });

  test('with objects without end is ended, and told', async () => {
    let next = 0;
    const { attacks } = await follow((response) => {
      const more = () => {
        while (!response.destroyed) {
          next += 1;
          const object = { metadata: { name: `n${next}`, namespace: 'x', labels: { a: piece.toString() } }, spec: {} };
          if (!response.write(`${JSON.stringify({ type: 'ADDED', object })}\n`)) {
            response.once('drain', more);
            return;
          }
        }
      };
      more();
    });
    expect(next).toBeLessThan(128);
    expect(attacks()).toBe(1);
  });
});

describe('a proxy before it', () => {
  async function proxy(answer: string, filling: string) {
    const server = createServer((socket) => {
      socket.on('error', () => {});
      socket.once('data', () => {
        socket.write(answer);
        const more = () => {
          while (!socket.destroyed && socket.write(filling)) {
            // until it is full
          }
        };
        socket.on('drain', more);
        more();
      });
    });
    await new Promise<void>((resolve) => server.listen(0, '127.0.0.1', resolve));
    closing.push(() => void server.close());
    const address = server.address();
    return `http://127.0.0.1:${typeof address === 'object' ? address?.port : 0}`;
  }

  test.each([
    ['a head without end', 'HTTP/1.1 200 OK\r\n', `x: ${'a'.repeat(60_000)}\r\n`],
    ['a refusal without end', 'HTTP/1.1 502 No\r\n\r\n', 'a'.repeat(60_000)],
    ['something else without end', 'hello', 'a'.repeat(60_000)],
  ])('answers CONNECT with %s', async (_, answer, filling) => {
    const { cluster } = await open(() => undefined, await proxy(answer, filling));
    const growth = await growthOf(async () => {
      const reached = await cluster.reach();
      expect(reached.ok).toBe(false);
      expect(['answer-too-large', 'api-unreachable', 'proxy-failed']).toContain(reached.ok ? '' : reached.problem.code);
    });
    expect(growth).toBeLessThan(256 << 20);
  });
});

describe('bounds', () => {
  const bytes = (...texts: string[]) => Readable.from(texts.map((text) => Buffer.from(text)));
  const linesOf = async (stream: Readable, limit: number) => {
    const lines: string[] = [];
    for await (const line of boundedLines(stream, limit)) {
      lines.push(line);
    }
    return lines;
  };

  test('leave what is within them as it is', async () => {
    expect(await boundedText(bytes('ab', 'cd'), 4)).toBe('abcd');
    expect(await boundedText(bytes('grü'.slice(0, 2), 'ß'), 10)).toBe('grß');
    expect(await linesOf(bytes('a', 'b\ncd\n\ne', 'f'), 4)).toEqual(['ab', 'cd', '', 'ef']);
  });

  test('are told where a text or a line is longer by one byte', async () => {
    await expect(boundedText(bytes('ab', 'cde'), 4)).rejects.toThrow('answer-too-large');
    expect(await boundedText(bytes('ab', 'cde'), 4, true)).toBe('abcd');
    await expect(linesOf(bytes('abcd\n', 'abc', 'de\n'), 4)).rejects.toThrow('answer-too-large');
    await expect(linesOf(bytes('abcde'), 4)).rejects.toThrow('answer-too-large');
  });
});
