/** Carries lines between a window's WebSocket and a core's socket, as fast as the slower side reads and no faster. */
import { connect } from 'node:net';
import type { WebSocket } from 'ws';
import { largestLine, splitLines } from '../lines.ts';

/** How much a browser may leave unread before the core is not read either, in bytes. */
const mostUnread = largestLine;
/** Between two looks at what a browser has left unread, in milliseconds: a WebSocket tells no one. */
const look = 20;

/** Carries until one side ends, and ends the other. */
export function carry(socket: WebSocket, coreSocket: string): void {
  const core = connect(coreSocket);
  const tooLong = () => {
    socket.close(1011, 'a line of the core was too long');
    core.destroy();
  };
  const heard = (line: string) => {
    socket.send(line);
    if (socket.bufferedAmount > mostUnread && !core.isPaused()) {
      // The core gathers while its socket is full; here nothing must pile up.
      core.pause();
      const wait = setInterval(() => {
        if (socket.bufferedAmount < mostUnread / 4 || socket.readyState !== socket.OPEN) {
          clearInterval(wait);
          core.resume();
        }
      }, look);
    }
  };
  splitLines(core, heard, tooLong);
  core.on('error', () => socket.close(1011, 'the core does not answer'));
  core.on('close', () => socket.close(1001, 'the core ended'));
  core.on('drain', () => socket.resume());
  socket.on('message', (message, isBinary) => {
    const line = isBinary ? '' : message.toString();
    if (line === '' || line.includes('\n')) {
      socket.close(1003, 'a message was no line');
      core.destroy();
    } else if (!core.destroyed && !core.write(`${line}\n`)) {
      socket.pause();
    }
  });
  socket.on('close', () => core.destroy());
  socket.on('error', () => core.destroy());
}
