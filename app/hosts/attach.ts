/** Attaches to a running core over its control socket: the frontend's end of serve.ts. */
import { connect as connectSocket } from 'node:net';
import { type Caller, type CoreLink, openClient, type Problem } from '../contract/index.ts';
import { openLines } from './lines.ts';

/** Why no core could be attached: none is there, or one of another protocol. */
export type AttachFailure = { readonly kind: 'absent' } | { readonly kind: 'problem'; readonly problem: Problem };

/** For the hello of a core that is there, in milliseconds. */
const helloDeadline = 5000;

/** Connects and exchanges hellos. */
export function attach(
  socketPath: string,
  role: string,
  build: string,
  caller?: Caller,
): Promise<{ link: CoreLink; build: string } | AttachFailure> {
  return new Promise((resolve) => {
    const socket = connectSocket(socketPath);
    let isAbsent = false;
    socket.once('error', (error: NodeJS.ErrnoException) => {
      isAbsent = error.code === 'ENOENT' || error.code === 'ECONNREFUSED';
    });
    const end = openClient(
      ({ onOpen, onLine, onClosed }) => {
        socket.once('connect', onOpen);
        return openLines(socket, onLine, onClosed);
      },
      { role, build, ...(caller === undefined ? {} : { caller }) },
      {
        greeted: (link, coreBuild) => {
          clearTimeout(deadline);
          resolve({ link, build: coreBuild });
        },
        ended: (because) => {
          clearTimeout(deadline);
          resolve(isAbsent ? { kind: 'absent' } : { kind: 'problem', problem: because });
        },
      },
    );
    const deadline = setTimeout(() => {
      end(`no hello within ${helloDeadline / 1000} seconds`);
      socket.destroy(); // a core that hangs does not end its side either, and would keep this process
    }, helloDeadline);
  });
}
