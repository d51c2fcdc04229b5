import { describe, expect, it } from 'vitest';
import { toolScript } from './debian-packages.ts';

describe('tool script', () => {
  const script = toolScript('/cache/set', 'usr/bin/dig', ['/run/modules']);

  it('calls the unpacked program by its own loader, with the libraries beside it and all arguments', () => {
    expect(script).toMatch(
      /\nexec '\/cache\/set\/root\/usr\/lib\/[a-z0-9_]+-linux-gnu\/ld-linux-[a-z0-9-]+\.so\.\d' --library-path '\/cache\/set\/root\/usr\/lib\/[a-z0-9_]+-linux-gnu:.*:\/run\/modules' /,
    );
    expect(script).toContain(`--argv0 '/cache/set/root/usr/bin/dig' '/cache/set/root/usr/bin/dig' "$@"`);
  });

  it('leaves what the program starts to the machine’s own libraries', () => {
    expect(script).not.toContain('LD_LIBRARY_PATH');
  });
});
