/**
 * The credentials of one context: what the kubeconfig holds, or what its exec plugin answers. They live in memory
 * only. Nothing here is logged.
 */
import { isDeepStrictEqual } from 'node:util';
import { type Cause, cause, type Result, success } from '../../contract/index.ts';
import type { ClusterAddress, ClusterCredentials } from '../../core/engine-messages.ts';
import { execConfigOf } from '../kubeconfig/context-parts.ts';
import type { ContextParts } from '../kubeconfig/resolved-parts.ts';
import type { Environment } from '../storage/folders.ts';
import { type ExecCredential, runExecPlugin } from './exec-plugin.ts';
import { createRecentAnswers, type RecentAnswer } from './recent-answers.ts';
import { userCredentials } from './user-credentials.ts';

/** A credential is renewed this long before it expires, so that no request meets its end under way. Milliseconds. */
const renewBefore = 30_000;

/** Files of tokens and certificates are read again after this long: they change in place (client-go: a minute, five). Milliseconds. */
const fileAge = 30_000;

export interface CredentialSource {
  /** Hears what a plugin says while it waits for its user, and null when it has ended. */
  onWaiting?: (detail: Cause | null) => void;
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
  recent: RecentAnswer = createRecentAnswers().of(''),
): CredentialSource {
  const ending = new AbortController();
  let running: Promise<Result<ClusterCredentials>> | null = null;
  let kept: { readonly credentials: ClusterCredentials; readonly freshUntil: number } | null = null;

  const obtain = async (refresh: boolean): Promise<Result<ClusterCredentials>> => {
    // As client-go: what is sent in clear holds no credentials, and no plugin runs for it.
    if (new URL(address.server).protocol === 'http:') {
      return success({});
    }
    const fixed = await userCredentials(parts);
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
    if (refresh) {
      recent.drop();
    }
    const given = recent.take();
    if (given !== null && Date.now() < freshUntilOf(given)) {
      return keep(fixed.value, given);
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
      undefined,
      (said) => source.onWaiting?.(cause('pluginWaits', { said })),
    );
    source.onWaiting?.(null);
    if (!answered.ok) {
      return answered;
    }
    recent.put(answered.value);
    return keep(fixed.value, answered.value);
  };

  function keep(fixed: ClusterCredentials, answer: ExecCredential): Result<ClusterCredentials> {
    const credentials = withAnswer(fixed, answer);
    kept = { credentials, freshUntil: freshUntilOf(answer) };
    return success(credentials);
  }

  const source: CredentialSource = {
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
  return source;
}

/** Milliseconds since the epoch. */
function freshUntilOf({ expiresAt }: ExecCredential): number {
  return expiresAt === null ? Number.POSITIVE_INFINITY : expiresAt - renewBefore;
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
