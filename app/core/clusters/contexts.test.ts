import { expect, it } from 'vitest';
import { commandLineOf } from '../../contract/index.ts';
import { unconfirmedPlugin } from './contexts.ts';

const plugin = {
  command: 'cloud-login',
  arguments: ['get-token', '--role', "it's $HOME; rm -rf ~"],
  environmentNames: ['PROFILE'],
  digest: 'abc',
  trusted: true,
  refusal: null,
};

it('shows a command line as a shell would have to be told it, so that nothing hides in it', () => {
  expect(commandLineOf(plugin)).toBe("cloud-login get-token --role 'it'\\''s $HOME; rm -rf ~'");
});

it('believes only the list of trusted digests, never what a context says of itself', () => {
  expect(unconfirmedPlugin('production', plugin, new Set())).toMatchObject({
    code: 'exec-unconfirmed',
    facts: { digest: 'abc' },
  });
  expect(unconfirmedPlugin('production', plugin, new Set(['abc']))).toBeNull();
});
