import { describe, expect, it } from 'vitest';
import { externalAddress, isWindowAddress, mayRequest } from './addresses.ts';

describe('an address of the window', () => {
  it.each(['slipway://window/', 'slipway://window/assets/a.js', 'slipway://window/#x'])('is %s', (address) => {
    expect(isWindowAddress(address)).toBe(true);
  });
  it.each([
    null,
    '',
    'slipway://window.evil.example/',
    'slipway://other/',
    'https://window/',
    'slipway:window',
    'file:///slipway://window/',
    'data:text/html,slipway://window/',
    'about:blank',
  ])('is not %s', (address) => {
    expect(isWindowAddress(address)).toBe(false);
  });
});

describe('the session', () => {
  it('fetches the window and nothing from anywhere else', () => {
    expect(mayRequest('slipway://window/assets/a.css')).toBe(true);
    for (const url of ['https://example.org/', 'http://127.0.0.1:80/', 'file:///etc/passwd', 'ws://x/', 'ftp://x/']) {
      expect(mayRequest(url), url).toBe(false);
    }
  });
});

describe('what is opened in the browser', () => {
  it('is http and https', () => {
    expect(externalAddress('http://orders.webshop.svc.cluster.local:8080/a?b')?.host).toBe(
      'orders.webshop.svc.cluster.local:8080',
    );
    expect(externalAddress('https://example.org')).not.toBeNull();
  });
  it.each([
    'file:///etc/passwd',
    'javascript:alert(1)',
    'smb://host/share',
    'https://real.example@evil.example/',
    'vscode://file/x',
    'no address',
    `https://example.org/${'a'.repeat(5000)}`,
    42,
    null,
  ])('is never %s', (url) => {
    expect(externalAddress(url)).toBeNull();
  });
});
