/** An API server that knows pods/exec, and the messages of its programs (k8s.io remotecommand, v5). */
import { readFileSync } from 'node:fs';
import { createServer } from 'node:https';
import type { AddressInfo } from 'node:net';
import { join } from 'node:path';
import { type WebSocket, WebSocketServer } from 'ws';
import { ApiConnection } from '../cluster/api-connection.ts';
import { authority, testdata } from './api-server.ts';
import { tokenCredentials } from './scene.ts';

export const output = (text: string) => Buffer.concat([Buffer.of(1), Buffer.from(text)]);
export const errors = (text: string) => Buffer.concat([Buffer.of(2), Buffer.from(text)]);
export const status = (value: object) => Buffer.concat([Buffer.of(3), Buffer.from(JSON.stringify(value))]);

/** What the program in the pod says. */
export type Talk = (socket: WebSocket, command: string[]) => void;

/** `refuse`: an HTTP status, or a whole answer, instead of every upgrade. */
export async function startExecServer(
  closing: (() => Promise<void> | void)[],
  talk: Talk,
  refuse: number | string = 0,
) {
  const server = createServer({
    cert: readFileSync(join(testdata, 'server.pem')),
    key: readFileSync(join(testdata, 'server-key.pem')),
  });
  const sockets = new WebSocketServer({ noServer: true, handleProtocols: () => 'v5.channel.k8s.io' });
  const seen: { url: URL; authorization: string | undefined }[] = [];
  server.on('upgrade', (request, stream, head) => {
    const url = new URL(request.url ?? '', 'https://api');
    seen.push({ url, authorization: request.headers.authorization });
    if (refuse !== 0) {
      stream.end(typeof refuse === 'string' ? refuse : `HTTP/1.1 ${refuse} No\r\ncontent-length: 0\r\n\r\n`);
      return;
    }
    sockets.handleUpgrade(request, stream, head, (socket) => talk(socket, url.searchParams.getAll('command')));
  });
  server.on('request', (_, response) => response.writeHead(404).end());
  await new Promise<void>((resolve) => server.listen(0, '127.0.0.1', resolve));
  const address = {
    server: `https://127.0.0.1:${(server.address() as AddressInfo).port}`,
    certificateAuthority: authority,
  };
  const connection = new ApiConnection(address, tokenCredentials);
  closing.push(() => {
    connection.close();
    for (const socket of sockets.clients) {
      socket.terminate();
    }
    server.close();
  });
  return { connection, seen };
}
