import { expect, it } from 'vitest';
import { partsOfLogin } from './login-words.ts';

it.each<[string, string, readonly string[], readonly string[]]>([
  [
    'OAuth device flow',
    'To sign in, use a web browser to open https://login.example.test/device and enter the code ABCD-1234',
    ['https://login.example.test/device'],
    ['ABCD-1234'],
  ],
  [
    'Azure',
    'To sign in, use a web browser to open the page https://microsoft.example/devicelogin and enter the code B7KPQ3XYZ to authenticate.',
    ['https://microsoft.example/devicelogin'],
    ['B7KPQ3XYZ'],
  ],
  [
    'AWS',
    'open the following URL: https://device.sso.example.test/ Then enter the code: GXBC-QWRT',
    ['https://device.sso.example.test/'],
    ['GXBC-QWRT'],
  ],
  [
    'a code in the address, which is not said twice',
    'Open https://sso.example.test/?user_code=AAAA-BBBB.',
    ['https://sso.example.test/?user_code=AAAA-BBBB'],
    [],
  ],
  ['a browser that was opened', 'Please visit http://localhost:8000 in your browser', ['http://localhost:8000/'], []],
  ['three groups', 'Code: ABC-DEF-GHI', [], ['ABC-DEF-GHI']],
  ['no word for a code', 'exit code is unknown, code something', [], []],
  [
    'a letter of another alphabet',
    'open https://lоgin.example.test/device',
    ['https://xn--lgin-55d.example.test/device'],
    [],
  ],
  ['words only', 'Touch your security key', [], []],
  ['other schemes', 'open javascript:alert(1) or file:///etc/passwd or ftp://example.test/x', [], []],
  ['an address that is none', 'open https://[::1 and https://', [], []],
  [
    'brackets and marks',
    'see (https://example.test/a), "https://example.test/b"!',
    ['https://example.test/a', 'https://example.test/b'],
    [],
  ],
  [
    'a flood',
    Array.from({ length: 99 }, (_, index) => `https://e${index}.test`).join(' '),
    ['https://e0.test/', 'https://e1.test/'],
    [],
  ],
  ['nothing', '', [], []],
])('finds what to open and what to type: %s', (_, said, addresses, codes) => {
  expect(partsOfLogin(said)).toEqual({ addresses, codes });
});
