import { describe, expect, it } from 'vitest';
import { wantsCore } from './core-start.ts';

describe('a core is begun before the words are parsed', () => {
  it.each([
    ['connect', true],
    ['connect sandbox --namespace webshop', true],
    ['connect --kubeconfig other.yaml', false], // the core would have read another file
    ['connect --kubeconfig=other.yaml', false],
    ['--kubeconfig other.yaml connect', false],
    ['connect --help', false],
    ['connect -h', false],
    ['disconnect', false],
    ['status', false],
    ['', false],
  ])('for "%s": %s', (line, wanted) => {
    expect(wantsCore(line.split(' '))).toBe(wanted);
  });
});
