import { mkdtempSync, readFileSync, rmSync, statSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { expect, test } from 'vitest';
import { fileWriter, logLevelOf, openLog } from './log.ts';

function lines(level: 'debug' | 'info' | 'warning', use: (log: ReturnType<typeof openLog>) => void) {
  const written: string[] = [];
  use(openLog(level, (line) => written.push(line)));
  return written.map((line) => JSON.parse(line));
}

test('writes JSON lines at its level and above', () => {
  const written = lines('info', (log) => {
    log.debug('hidden');
    log.info('shown', { count: 1 });
    log.warning('line\nbreak');
  });
  expect(written).toMatchObject([
    { level: 'info', message: 'shown', count: 1 },
    { level: 'warning', message: 'line\nbreak' },
  ]);
  expect(logLevelOf({ SLIPWAY_LOG: 'debug' })).toBe('debug');
  expect(logLevelOf({ SLIPWAY_LOG: 'everything' })).toBe('info');
});

test('never writes what its name calls a secret, however deep', () => {
  const secrets = {
    bearerToken: 't0p',
    clientKey: 't0p',
    deep: { password: 't0p', Authorization: 't0p' },
    listed: [{ token: 't0p' }, [{ secret: 't0p' }]],
    nested: { a: { b: { c: { d: { e: { token: 't0p' } } } } } },
  };
  const written = lines('debug', (log) => log.debug('x', { ...secrets, error: new Error('plain') }));
  expect(JSON.stringify(written)).not.toContain('t0p');
  expect(written[0]).toMatchObject({ error: 'plain', deep: { password: '***' } });
});

test('a fact that is no JSON loses its line, not the program', () => {
  const cycle: Record<string, unknown> = {};
  cycle.self = cycle;
  expect(() => lines('debug', (log) => log.info('x', { big: 1n, cycle }))).not.toThrow();
});

test('puts a file aside when it grew large, and keeps it for the user alone', () => {
  const folder = mkdtempSync(join(tmpdir(), 'slipway-log-'));
  try {
    const file = join(folder, 'core.log');
    writeFileSync(file, 'x'.repeat(5 << 20), { mode: 0o600 });
    const write = fileWriter(file);
    write('one\n');
    write('two\n');
    expect(readFileSync(file, 'utf8')).toBe('one\ntwo\n');
    expect(statSync(`${file}.1`).size).toBe(5 << 20);
    expect(statSync(file).mode & 0o777).toBe(0o600);
  } finally {
    rmSync(folder, { recursive: true, force: true });
  }
});
