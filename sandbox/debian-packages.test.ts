import { describe, expect, it } from 'vitest';
import { librariesAmong, toolScript } from './debian-packages.ts';

describe('libraries that a package needs', () => {
  it('are those that apt-cache lists, less the C library and virtual packages', () => {
    const listed = `curl
  Depends: libc6
  Depends: libcurl4
libc6
libcurl4
  Depends: <libssl-virtual>
<libssl-virtual>
libgcc-s1
bind9-libs
debconf
libstdc++6
`;
    expect(librariesAmong(listed)).toEqual(['libcurl4', 'bind9-libs', 'libstdc++6']);
  });
});

describe('tool script', () => {
  it('calls the unpacked program with the libraries beside it and all arguments', () => {
    const script = toolScript('/cache/set', 'usr/bin/dig');
    expect(script).toContain(`exec '/cache/set/root/usr/bin/dig' "$@"`);
    expect(script).toMatch(/LD_LIBRARY_PATH='\/cache\/set\/root\/usr\/lib\/[a-z0-9_]+-linux-gnu:/);
  });
});
