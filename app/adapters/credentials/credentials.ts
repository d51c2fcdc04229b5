/**
 * The credentials of one context: what the kubeconfig holds, or what its exec plugin answers. They live in memory
 * only. Nothing here is logged.
 */
import { resolve } from 'node:path';
import { isDeepStrictEqual } from 'node:util';
import { failure, type Problem, problem, type Result, success } from '../../contract/index.ts';
import type { ClusterAddress, ClusterCredentials } from '../../core/engine-messages.ts';
import { execConfigOf } from '../kubeconfig/context-parts.ts';
import { readBounded } from '../kubeconfig/read-files.ts';
import type { ContextParts } from '../kubeconfig/resolved-parts.ts';
import type { UserEntry } from '../kubeconfig/schema.ts';
import type { Environment } from '../storage/folders.ts';
import { type ExecCredential, runExecPlugin } from './exec-plugin.ts';
import { pem } from './pem.ts';

/** A credential is renewed this long before it expires, so that no request meets its end under way. Milliseconds. */
const renewBefore = 30_000;

/** Files of tokens and certificates are read again after this long: they change in place (client-go: a minute, five). Milliseconds. */
const fileAge = 30_000;

export interface CredentialSource {
  /** The credentials now; `refresh` after a 401. Several callers share one run of a plugin. */
  get(refresh: boolean): Promise<Result<ClusterCredentials>>;
  close(): void;
}

export function openCredentials(
  parts: ContextParts,
  address: ClusterAddress,
  environment: Environment,
  /** Where plugins run: the caller's folder; empty where there is none. */
  workingFolder = '',
): CredentialSource {
  const ending = new AbortController();
  let running: Promise<Result<ClusterCredentials>> | null = null;
  let kept: { readonly credentials: ClusterCredentials; readonly freshUntil: number } | null = null;

  const obtain = async (refresh: boolean): Promise<Result<ClusterCredentials>> => {
    const fixed = await fixedCredentials(parts.user, parts.userFolder);
    if (!fixed.ok) {
      // Half written, perhaps: those before may still serve (as client-go's).
      return kept === null || refresh ? fixed : success(kept.credentials);
    }
    if (parts.exec === null) {
      const { user } = parts;
      const isInFiles = [user.tokenFile, user['client-certificate'], user['client-key']].some((file) => file !== '');
      const freshUntil = isInFiles ? Date.now() + fileAge : Number.POSITIVE_INFINITY;
      // The same object while they are the same, and with it the same connections.
      const isSame = kept !== null && isDeepStrictEqual(kept.credentials, fixed.value);
      const credentials = isSame && kept !== null ? kept.credentials : fixed.value;
      kept = { credentials, freshUntil };
      return success(credentials);
    }
    const answered = await runExecPlugin(
      {
        entry: parts.exec.entry,
        program: parts.exec.program,
        folder: parts.userFolder,
        environment,
        workingFolder,
        cluster: execCluster(parts, address),
      },
      ending.signal,
    );
    if (!answered.ok) {
      return answered;
    }
    const credentials = withAnswer(fixed.value, answered.value);
    const freshUntil =
      answered.value.expiresAt === null ? Number.POSITIVE_INFINITY : answered.value.expiresAt - renewBefore;
    kept = { credentials, freshUntil };
    return success(credentials);
  };

  return {
    get: (refresh) => {
      if (running !== null) {
        return running;
      }
      if (!refresh && kept !== null && Date.now() < kept.freshUntil) {
        return Promise.resolve(success(kept.credentials));
      }
      running = obtain(refresh).finally(() => {
        running = null;
      });
      return running;
    },
    close: () => ending.abort(),
  };
}

async function fixedCredentials(user: UserEntry, folder: string): Promise<Result<ClusterCredentials>> {
  const files = { certificate: user['client-certificate'], key: user['client-key'] };
  try {
    const certificate = await pem(user['client-certificate-data'], files.certificate, folder);
    const key = await pem(user['client-key-data'], files.key, folder);
    const token = user.tokenFile === '' ? user.token : (await readBounded(resolve(folder, user.tokenFile))).trim();
    if ((certificate === '') !== (key === '')) {
      return failure(unusable('it has a client certificate without a key, or a key without a certificate'));
    }
    return success({
      ...(token === '' ? {} : { bearerToken: token }),
      ...(certificate === '' ? {} : { clientCertificate: certificate, clientKey: key }),
      ...(user.username === '' ? {} : { username: user.username, password: user.password }),
    });
  } catch (error) {
    return failure(unusable(error instanceof Error ? error.message : String(error)));
  }
}

function withAnswer(fixed: ClusterCredentials, answer: ExecCredential): ClusterCredentials {
  return {
    ...fixed,
    ...(answer.token === '' ? {} : { bearerToken: answer.token }),
    ...(answer.certificate === '' ? {} : { clientCertificate: answer.certificate, clientKey: answer.key }),
  };
}

/** ExecCredential.spec.cluster (client.authentication.k8s.io/v1 Cluster). */
function execCluster(parts: ContextParts, address: ClusterAddress): Record<string, unknown> {
  return {
    server: parts.cluster.server,
    ...(address.tlsServerName ? { 'tls-server-name': address.tlsServerName } : {}),
    ...(address.insecureSkipTlsVerify ? { 'insecure-skip-tls-verify': true } : {}),
    ...(address.certificateAuthority
      ? { 'certificate-authority-data': Buffer.from(address.certificateAuthority).toString('base64') }
      : {}),
    ...(parts.cluster['proxy-url'] === '' ? {} : { 'proxy-url': parts.cluster['proxy-url'] }),
    config: execConfigOf(parts.cluster),
  };
}

function unusable(because: string): Problem {
  return problem('kubeconfig-unreadable', `the user's credentials: ${because}`, { file: '' });
}
