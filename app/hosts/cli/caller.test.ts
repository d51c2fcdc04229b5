import { delimiter } from 'node:path';
import { afterEach, expect, test } from 'vitest';
import { caller, chooseKubeconfig } from './caller.ts';

afterEach(() => chooseKubeconfig(''));

test.each<[string, string | undefined, string, string[]]>([
  ['nothing', undefined, '/home/jane/a', []],
  ['a relative path', 'kc', '/home/jane/a', ['/home/jane/a/kc']],
  ['the same path in another folder', 'kc', '/home/jane/b', ['/home/jane/b/kc']],
  ['a path with dots', '../kc', '/home/jane/a', ['/home/jane/kc']],
  ['a list', ['one', '/two', './three'].join(delimiter), '/w', ['/w/one', '/two', '/w/three']],
  ['a list with empty entries', ['', 'one', ''].join(delimiter), '/w', ['/w/one']],
  ['home', '~/kc', '/w', ['/home/jane/kc']],
])('means the kubeconfigs of KUBECONFIG from the caller’s folder: %s', (_, KUBECONFIG, folder, kubeconfigs) => {
  expect(caller({ HOME: '/home/jane', KUBECONFIG }, folder)).toMatchObject({ folder, kubeconfigs, isExplicit: false });
});

test.each<[string, string, string]>([
  ['a relative path', 'kc', '/w/kc'],
  ['a name with what separates a list', `a${delimiter}b`, `/w/a${delimiter}b`],
])('means one file and no other with --kubeconfig: %s', (_, file, expected) => {
  chooseKubeconfig(file);
  expect(caller({ KUBECONFIG: '/elsewhere' }, '/w')).toMatchObject({ kubeconfigs: [expected], isExplicit: true });
});
