/**
 * Whose program is at the other end of a connection over loopback. A port of loopback is open to every user of the
 * computer, and a kernel tells whose a socket is: Linux in /proc/net/tcp (proc_net(5)). Elsewhere nothing tells it
 * without a program of its own, and the code, the cookie and the key must do.
 */
import { readFileSync } from 'node:fs';
import type { Socket } from 'node:net';

/** TCP_ESTABLISHED; a socket that its owner closed already is shown as root's. */
const established = '01';

/**
 * False where the other end is another user's, or where it cannot be told on a system that should tell. `welcome` are users
 * whose browser shows this user's window.
 */
export function isOwnPeer(socket: Socket, welcome: readonly number[] = []): boolean {
  const { remoteAddress = '', remotePort = 0, localAddress = '', localPort = 0 } = socket;
  if (process.platform !== 'linux' || process.getuid === undefined) {
    return true;
  }
  try {
    const table = readFileSync('/proc/net/tcp', 'latin1');
    const owner = ownerOf(table, `${remoteAddress}:${remotePort}`, `${localAddress}:${localPort}`);
    return owner !== null && [process.getuid(), ...welcome].includes(owner);
  } catch {
    return false;
  }
}

/** The uid of the established socket that is bound to `from` and talks to `to`, both as `127.0.0.1:80`; null for none. */
export function ownerOf(table: string, from: string, to: string): number | null {
  const wanted = ` ${kernelForm(from)} ${kernelForm(to)} ${established} `;
  const line = table.split('\n').find((candidate) => candidate.includes(wanted));
  // sl local remote st queues timer retransmits uid
  const uid = line?.trim().split(/\s+/)[7];
  return uid === undefined || !/^\d+$/.test(uid) ? null : Number(uid);
}

/** `0100007F:0050`: the address as a number of this processor, which is little-endian on all that Node runs on but s390x. */
function kernelForm(end: string): string {
  const [address = '', port = ''] = end.split(':');
  const bytes = address.split('.').map((part) => hex(Number(part), 2));
  const isBig = new Uint8Array(new Uint16Array([1]).buffer)[0] === 0;
  return `${(isBig ? bytes : bytes.toReversed()).join('')}:${hex(Number(port), 4)}`;
}

function hex(value: number, digits: number): string {
  return value.toString(16).toUpperCase().padStart(digits, '0');
}
