/** What tests of a file open and have closed: API servers, and clusters opened to them as the core opens them. */
import { afterEach } from 'vitest';
import type { CredentialSource } from '../credentials/credentials.ts';
import { type Answer, openTestCluster, type Seen, startApiServer, type TestCluster } from './api-server.ts';

export type Closing = (() => Promise<void> | void)[];

/** What is put here closes behind each test of the file, the last first. */
export function closedAfterEach(): Closing {
  const closing: Closing = [];
  afterEach(async () => {
    for (const close of closing.splice(0).reverse()) {
      await close();
    }
  });
  return closing;
}

/** An API server and a cluster that is opened to it. */
export async function openScene(
  closing: Closing,
  route: (seen: Seen) => Answer | undefined,
  options: TestCluster = {},
) {
  const server = await startApiServer(route);
  closing.push(() => server.close());
  const opened = await openTestCluster(server.url, options);
  closing.push(opened.close);
  return { server, ...opened };
}

const kept = { bearerToken: 'abc' };

/** A token that never ends, the same object each time: connections are kept for it. */
export const tokenCredentials: CredentialSource = { get: async () => ({ ok: true, value: kept }), close: () => {} };
