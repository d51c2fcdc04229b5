/**
 * One GET by ordinary sockets. It says what the Service answers a program of this laptop: nothing is sent but the request
 * line and the host, no proxy is asked, and the connection is dropped once the status line is there.
 */
import { request as requestPlain } from 'node:http';
import { request as requestSecure } from 'node:https';
import { isIP } from 'node:net';
import { cause, failure, problem, type Result, success } from '../../contract/index.ts';
import type { HttpProbe } from '../../core/ports.ts';

/** Milliseconds for connection, handshake and status line together. */
const deadline = 8000;

export function openHttpProbe(): HttpProbe {
  return {
    get: ({ secure, address, host, port }) =>
      new Promise<Result<string>>((resolve) => {
        const send = secure ? requestSecure : requestPlain;
        const request = send({
          host: address,
          port,
          method: 'GET',
          path: '/',
          agent: false,
          headers: { host: `${host}:${port}`, 'user-agent': 'slipway', accept: '*/*', connection: 'close' },
          maxHeaderSize: 64 << 10,
          // The status is asked for, not trusted: nothing secret is sent, and a cluster's own authority is the rule.
          ...(secure ? { rejectUnauthorized: false, ...(isIP(host) === 0 ? { servername: host } : {}) } : {}),
        });
        const settle = (result: Result<string>) => {
          clearTimeout(timer);
          resolve(result);
          request.destroy();
        };
        const timer = setTimeout(
          () => settle(failure(problem('connection-silent', cause('noHttpWithin', { seconds: deadline / 1000 })))),
          deadline,
        );
        request.once('response', ({ httpVersion, statusCode, statusMessage }) =>
          settle(success(`HTTP/${httpVersion} ${statusCode ?? 0} ${statusMessage ?? ''}`.trim().slice(0, 200))),
        );
        request.on('error', (error: NodeJS.ErrnoException) =>
          settle(
            failure(problem(error.code === 'ECONNREFUSED' ? 'connection-refused' : 'connection-failed', error.message)),
          ),
        );
        request.end();
      }),
  };
}
