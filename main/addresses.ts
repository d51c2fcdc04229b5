/** Which addresses are ours, which may be fetched and which may be opened outside. Parsed, never compared as text. */

export const scheme = 'slipway';
export const pageAddress = `${scheme}://window/`;

/** True for an address of the window's page; parsed, never compared as text. */
export function isWindowAddress(address: string | null): boolean {
  if (address === null) {
    return false;
  }
  try {
    const { protocol: name, host } = new URL(address);
    return name === `${scheme}:` && host === 'window';
  } catch {
    return false;
  }
}

/** Which addresses the session may fetch. */
export function mayRequest(url: string): boolean {
  return isWindowAddress(url) || /^(devtools|data):/.test(url) || url.startsWith(`blob:${pageAddress}`);
}

/** What may be opened outside: http and https, without a user or a password that would dress the host up. */
export function externalAddress(url: unknown): URL | null {
  if (typeof url !== 'string' || url.length > 4096) {
    return null;
  }
  try {
    const address = new URL(url);
    const isWeb = address.protocol === 'http:' || address.protocol === 'https:';
    return isWeb && address.username === '' && address.password === '' ? address : null;
  } catch {
    return null;
  }
}
