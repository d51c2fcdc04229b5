/** The core's sentences are known, so that no window of another language shows them in English. */
import { readFileSync } from 'node:fs';
import { join } from 'node:path';
import { describe, expect, it } from 'vitest';
import { checkWords, proofWords } from './check-words.ts';

const core = join(import.meta.dirname, '../../../app/core/diagnostics');
const literals = (file: string): string[] => {
  const source = readFileSync(join(core, file), 'utf8');
  return [...source.matchAll(/(?:notChecked|good)\([^,()]+, '([^']+)'/g)].map(([, text]) => text ?? '');
};

describe('what a check found', () => {
  it('is said with what it names', () => {
    expect(checkWords({ check: 'api-server', answer: 'https://k.example:6443 answers, v1.34.0' })).toEqual({
      id: 'diagnostics.said.apiServer',
      values: { server: 'https://k.example:6443', version: 'v1.34.0' },
    });
    expect(
      checkWords({ check: 'resolver', answer: '/etc/resolv.conf, which asks 192.168.1.1, 9.9.9.9' })?.values,
    ).toEqual({
      resolver: '/etc/resolv.conf',
      servers: '192.168.1.1, 9.9.9.9',
    });
    expect(checkWords({ check: 'clock', answer: "within 3 s of the API server's" })?.values).toEqual({ seconds: '3' });
    expect(checkWords({ check: 'rights', answer: 'missing: create jobs' })?.id).toBe('diagnostics.said.missing');
  });

  it('is shown as it came where the sentence is not known', () => {
    expect(checkWords({ check: 'tunnel', answer: 'something new' })).toBeNull();
    expect(proofWords('something new')).toBeNull();
  });

  it('is known for every fixed sentence of the core', () => {
    const checks = ['helper', 'tun', 'resolver', 'api-server', 'rights', 'clock', 'agent', 'tunnel', 'names'] as const;
    const found = literals('checks.ts');
    expect(found.length).toBeGreaterThan(8);
    expect(found.filter((answer) => checks.every((check) => checkWords({ check, answer }) === null))).toEqual([]);
  });

  it('is known for what a proof did not look at', () => {
    const source = readFileSync(join(core, 'prove-off.ts'), 'utf8');
    const found = [...source.matchAll(/notChecked\([^,()]+, '([^']+)'/g)].map(([, text]) => text ?? '');
    expect(found.length).toBeGreaterThan(1);
    expect(found.filter((answer) => proofWords(answer) === null)).toEqual([]);
    expect(proofWords('staging is on: what is there is its own')?.values).toEqual({ context: 'staging' });
  });
});
