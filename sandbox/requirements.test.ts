import { expect, test } from 'vitest';
import { toolProblems } from './requirements.ts';

const fedora = 'NAME="Fedora Linux"\nPRETTY_NAME="Fedora Linux 43 (Workstation Edition)"\n';

test('a system without apt is not told to install it', () => {
  const [apt, other] = toolProblems(['apt-get', 'apt-cache', 'dpkg-deb', 'go'], fedora);
  expect(apt?.cause).toContain('Fedora Linux 43 (Workstation Edition) has no apt-get, apt-cache, dpkg-deb.');
  expect(apt?.fix).toContain('Use it on Debian, Ubuntu');
  expect(other).toMatchObject({ cause: 'Not found in PATH: go.', fix: 'Install golang (1.24 or later, from go.dev).' });
});

test('what can be installed is named, each package once', () => {
  expect(toolProblems(['nsenter', 'unshare', 'ip'], '')).toMatchObject([{ fix: 'Install util-linux, iproute2.' }]);
  expect(toolProblems([], fedora)).toEqual([]);
});
