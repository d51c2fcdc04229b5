/**
 * Owns a name on a D-Bus session bus, as a desktop's tray host does: enough of the protocol (D-Bus Specification,
 * "Message Protocol") for two calls, because no program of a plain system owns a name on request.
 */
import { connect } from 'node:net';

const bus = 'org.freedesktop.DBus';
const types = { path: 1, interface: 2, member: 3, destination: 6, signature: 8 } as const;

function padded(parts: Buffer[], alignment: number): Buffer {
  const length = parts.reduce((sum, part) => sum + part.length, 0);
  return Buffer.alloc((alignment - (length % alignment)) % alignment);
}

function number(value: number): Buffer {
  const bytes = Buffer.alloc(4);
  bytes.writeUInt32LE(value);
  return bytes;
}

const text = (value: string) => Buffer.concat([number(Buffer.byteLength(value)), Buffer.from(`${value}\0`)]);

function call(serial: number, member: string, body: Buffer, signature: string): Buffer {
  const fields: Buffer[] = [];
  const field = (code: number, type: string, value: Buffer) => {
    fields.push(padded(fields, 8), Buffer.from([code, 1, type.charCodeAt(0), 0]), value);
  };
  field(types.path, 'o', text('/org/freedesktop/DBus'));
  field(types.interface, 's', text(bus));
  field(types.member, 's', text(member));
  field(types.destination, 's', text(bus));
  if (signature !== '') {
    field(types.signature, 'g', Buffer.from(`${String.fromCharCode(signature.length)}${signature}\0`));
  }
  const all = Buffer.concat(fields);
  const head = [Buffer.from('l\u0001\0\u0001', 'latin1'), number(body.length), number(serial), number(all.length), all];
  return Buffer.concat([...head, padded(head, 8), body]);
}

/** Resolves once the bus has answered; the name is given back by `release`. */
export function ownBusName(address: string, name: string): Promise<{ release(): void }> {
  const path = /unix:path=([^,;]+)/.exec(address)?.[1];
  if (path === undefined) {
    throw new Error(`no socket in ${address}`);
  }
  return new Promise((resolve, reject) => {
    const socket = connect(path);
    let isGreeted = false;
    socket.once('error', reject);
    socket.once('connect', () => {
      const user = Buffer.from(String(process.getuid?.() ?? 0)).toString('hex');
      socket.write(`\0AUTH EXTERNAL ${user}\r\n`);
    });
    socket.on('data', (heard) => {
      if (!isGreeted) {
        isGreeted = true;
        socket.write('BEGIN\r\n');
        socket.write(call(1, 'Hello', Buffer.alloc(0), ''));
        socket.write(call(2, 'RequestName', Buffer.concat([text(name), padded([text(name)], 4), number(4)]), 'su'));
      } else if (heard.includes(name)) {
        resolve({ release: () => socket.destroy() }); // NameAcquired names it
      }
    });
  });
}
