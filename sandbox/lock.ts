import { createHash } from 'node:crypto';
import { createServer, type Server } from 'node:net';
import { setTimeout as pause } from 'node:timers/promises';

/**
 * Runs `action` while no other process of this machine holds the lock of that name.
 * The lock is an abstract Unix socket (unix(7)): the kernel frees it with the process, so it is never stale.
 */
export async function withLock<Value>(name: string, onWait: () => void, action: () => Promise<Value>): Promise<Value> {
  const address = `\0slipway-sandbox-${createHash('sha256').update(name).digest('hex').slice(0, 32)}`;
  let server = await tryListen(address);
  if (!server) onWait();
  while (!server) {
    await pause(200);
    server = await tryListen(address);
  }
  try {
    return await action();
  } finally {
    server.close();
  }
}

function tryListen(address: string): Promise<Server | undefined> {
  return new Promise((resolve, reject) => {
    const server = createServer((socket) => socket.destroy());
    server.once('error', (error: NodeJS.ErrnoException) => {
      if (error.code === 'EADDRINUSE') resolve(undefined);
      else reject(error);
    });
    server.listen(address, () => resolve(server));
  });
}
