import { describe, expect, it } from 'vitest';
import { codeLife, createGate } from './gate.ts';

const port = 4711;
const own = { host: `127.0.0.1:${port}` };

function entered() {
  const gate = createGate(port);
  const session = gate.redeem(gate.issueCode(0), 1);
  return { gate, cookie: `${gate.cookieName}=${session?.cookie}`, protocols: `slipway, key.${session?.key}` };
}

describe('the code of a redirect file', () => {
  it('is good once', () => {
    const gate = createGate(port);
    const code = gate.issueCode(0);
    expect(gate.redeem(code, 1)).not.toBeNull();
    expect(gate.redeem(code, 2)).toBeNull();
  });

  it('is void after its time, and when a later one was made', () => {
    const gate = createGate(port);
    const first = gate.issueCode(0);
    expect(gate.redeem(first, codeLife + 1)).toBeNull();
    const second = gate.issueCode(0);
    gate.issueCode(0);
    expect(gate.redeem(second, 1)).toBeNull();
  });

  it('is not guessed, and a wrong guess does not spend it', () => {
    const gate = createGate(port);
    const code = gate.issueCode(0);
    expect(gate.redeem('', 1)).toBeNull();
    expect(gate.redeem(code.slice(1), 1)).toBeNull();
    expect(gate.redeem(code, 1)).not.toBeNull();
  });
});

describe('a request', () => {
  const { gate, cookie, protocols } = entered();
  const good = {
    ...own,
    cookie,
    origin: `http://127.0.0.1:${port}`,
    'sec-fetch-site': 'same-origin',
    'sec-websocket-protocol': protocols,
  };

  it('of the page passes', () => {
    expect(gate.refusePage({ ...own, cookie })).toBeNull();
    expect(gate.refusePage({ ...own, cookie, 'sec-fetch-site': 'none' })).toBeNull();
    expect(gate.refuseSocket(good)).toBeNull();
  });

  it.each([
    ['a name that was rebound to loopback', { host: `evil.example:${port}` }, 'host'],
    ['localhost, which is another site to a browser', { host: `localhost:${port}` }, 'host'],
    ['another port', { host: '127.0.0.1:80' }, 'host'],
    ['a page of elsewhere', { origin: 'https://evil.example' }, 'origin'],
    ['a page of another port', { origin: 'http://127.0.0.1:8080' }, 'origin'],
    ['a file', { origin: 'null' }, 'origin'],
    ['a cross-site fetch', { 'sec-fetch-site': 'cross-site' }, 'site'],
    ['another port of this computer', { 'sec-fetch-site': 'same-site' }, 'site'],
    ['no cookie', { cookie: '' }, 'cookie'],
    ['a cookie of another host process', { cookie: `slipway-80=${cookie.split('=')[1]}` }, 'cookie'],
    ['a made-up cookie', { cookie: `slipway-${port}=AAAA` }, 'cookie'],
  ] as const)('from %s is refused', (_, headers, refusal) => {
    expect(gate.refuseSocket({ ...good, ...headers })).toBe(refusal);
    expect(gate.refusePage({ ...good, ...headers })).toBe(refusal);
  });

  it('for a WebSocket needs the key of its very cookie, which no other port of this computer is sent', () => {
    const later = gate.redeem(gate.issueCode(0), 1);
    for (const named of [undefined, '', 'slipway', 'slipway, key.', `key.${later?.key}`, later?.key]) {
      expect(gate.refuseSocket({ ...good, 'sec-websocket-protocol': named }), named).toBe('key');
    }
  });

  it('for a WebSocket needs an origin', () => {
    expect(gate.refuseSocket({ ...own, cookie })).toBe('origin');
  });

  it('that exchanges a code comes from a file, and reaches this host by its address', () => {
    expect(gate.refuseEntry({ ...own, origin: 'null' })).toBeNull();
    expect(gate.refuseEntry({ ...own, origin: 'https://evil.example' })).toBe('origin');
    expect(gate.refuseEntry({ host: 'evil.example', origin: 'null' })).toBe('host');
  });
});
