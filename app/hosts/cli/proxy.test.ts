import { expect, it } from 'vitest';
import { type ProxyAccess, proxyLines, proxyPrograms } from '../../contract/index.ts';
import { proxyNote, proxyText } from './proxy.ts';

const access: ProxyAccess = {
  ...{ port: 1080, knowsUsers: true, username: 'slipway', password: 'secret' },
  pacUrl: 'http://127.0.0.1:1080/token/proxy.pac',
};

it('shows where it is, and lines for each program', () => {
  const text = proxyText(access).join('\n');
  expect(text).toContain('socks5h://127.0.0.1:1080');
  expect(text).toContain(access.pacUrl);
  for (const program of proxyPrograms) {
    for (const line of proxyLines(access)[program]) {
      expect(text).toContain(line);
    }
  }
});

it('names the password only where the system does not tell users apart', () => {
  expect(proxyText(access).join('\n')).not.toContain('secret');
  expect(proxyNote(access)).toContain('your user alone');
  const elsewhere = { ...access, knowsUsers: false };
  expect(proxyText(elsewhere).join('\n')).toContain('socks5h://slipway:secret@127.0.0.1:1080');
  expect(proxyNote(elsewhere)).toContain('password');
});
