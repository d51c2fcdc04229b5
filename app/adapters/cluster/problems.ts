/** Turns the errors of requests, TLS and sockets into problems, once, for everything that talks to an API server. */
import { X509Certificate } from 'node:crypto';
import { cause, type Problem, problem } from '../../contract/index.ts';
import type { ClusterCredentials } from '../../core/engine-messages.ts';
import { plainText } from '../credentials/exec-plugin.ts';
import { ProblemError } from '../problem-error.ts';
import { largestHead, tooLarge } from './bounded.ts';
import { ApiRefusal } from './exchange.ts';
import { ProxyError } from './proxy-agents.ts';
import {
  answerWords,
  apiStatusOf,
  isAuthorizationRefusal,
  isBusyStatus,
  isVerdict,
  messageOf,
  saidBy,
  statusCodeOf,
} from './refusals.ts';
import { agentRole, catalogueClusterRole, directRole, roleFor } from './roles.ts';

/** What was asked for, for the words of a refusal. `namespace` is empty for the whole cluster. */
export interface Asked {
  readonly verb: string;
  readonly group: string; // empty: core
  readonly resource: string;
  readonly namespace: string;
  /** Which role to ask for. */
  readonly purpose: 'agent' | 'catalogue' | 'direct' | 'other';
  /** The agent's Job, as far as it is known: a Role can be bound to it. */
  readonly job?: string;
}

/** What a refusal of credentials is judged by. */
export interface Caller {
  readonly credentials: ClusterCredentials | null;
  /** How far the API server's clock is ahead of this computer's, in milliseconds. */
  readonly clockSkew: number;
}
const unknownCaller: Caller = { credentials: null, clockSkew: 0 };

export function problemOf(error: unknown, asked: Asked, caller = unknownCaller): Problem {
  if (error instanceof ProblemError) {
    return error.problem;
  }
  const code = statusCodeOf(error);
  if (code === null) {
    return connectionProblem(error);
  }
  if (code >= 300 && code < 400) {
    return problem('api-unreachable', cause('elsewhere'));
  }
  const status = apiStatusOf(error);
  if (error instanceof ApiRefusal && isGateways(error)) {
    return problem('gateway-blocks', cause('gatewayAnswered', { answer: answerWords(error) }), {
      resource: asked.resource,
    });
  }
  const said = plainText(status.message ?? '') || `the API server answered ${code}`;
  switch (code) {
    case 401:
      return refusedCredentials(caller, said);
    case 403:
      return isAuthorizationRefusal(error)
        ? forbiddenProblem(asked, said)
        : problem('agent-refused', said, { namespace: asked.namespace });
    case 404:
      return status.details?.kind === 'namespaces'
        ? problem('namespace-missing', said, { namespace: status.details.name ?? asked.namespace })
        : problem('internal', `${asked.verb} ${asked.resource}: ${said}`, { status: '404' });
    case 502: // a load balancer or proxy with nobody behind it
      return problem(
        'api-unreachable',
        cause('answered', { status: code, said: error instanceof ApiRefusal ? saidBy(error) : said }),
      );
    default:
      return error instanceof ApiRefusal && isBusyStatus(code) && !isVerdict(error)
        ? problem('api-busy', cause('answered', { status: code, said: saidBy(error) }))
        : problem('internal', `${asked.verb} ${asked.resource}: ${said}`, { status: String(code) });
  }
}

/** API servers refuse with a Status: other words than that are of something before them. A 401 is about credentials whoever says it. */
function isGateways(refusal: ApiRefusal): boolean {
  const { statusCode, body } = refusal;
  // A Status may be cut where it is long.
  return statusCode > 401 && statusCode < 500 && statusCode !== 429 && body !== '' && !body.trimStart().startsWith('{');
}

export function forbiddenProblem(asked: Asked, cause: string): Problem {
  const rule = { apiGroups: [asked.group], resources: [asked.resource], verbs: [asked.verb] };
  const role =
    asked.purpose === 'agent'
      ? agentRole(asked.namespace, asked.job ?? '')
      : asked.purpose === 'catalogue'
        ? catalogueClusterRole()
        : asked.purpose === 'direct'
          ? directRole(asked.namespace, asked.job ?? '')
          : roleFor(rule, asked.namespace);
  const facts = { verb: asked.verb, resource: asked.resource, group: asked.group, namespace: asked.namespace };
  return problem('forbidden', cause, facts, role);
}

/** Bearer tokens and certificates are checked against the clock; API servers allow none to a minute or so. */
const clockTolerance = 5 * 60_000;

/** API servers do not refuse an expired client certificate in the handshake: they answer 401. */
function refusedCredentials({ credentials, clockSkew }: Caller, said: string): Problem {
  if (credentials?.clientCertificate) {
    try {
      const { validTo } = new X509Certificate(credentials.clientCertificate);
      if (Date.parse(validTo) < Date.now() + clockSkew) {
        return problem('certificate-expired', cause('clientCertificate', { date: validTo }));
      }
    } catch {
      // It cannot be read: what the API server says is all there is to say.
    }
  }
  if (Math.abs(clockSkew) > clockTolerance) {
    const minutes = Math.round(Math.abs(clockSkew) / 60_000);
    return problem('clock-wrong', cause(clockSkew > 0 ? 'clockRefusedBehind' : 'clockRefusedAhead', { minutes }));
  }
  return problem('unauthorized', said);
}

const untrusted: ReadonlySet<string> = new Set([
  'UNABLE_TO_VERIFY_LEAF_SIGNATURE',
  'SELF_SIGNED_CERT_IN_CHAIN',
  'DEPTH_ZERO_SELF_SIGNED_CERT',
  'UNABLE_TO_GET_ISSUER_CERT',
  'UNABLE_TO_GET_ISSUER_CERT_LOCALLY',
  'CERT_SIGNATURE_FAILURE',
  'CERT_UNTRUSTED',
  'CERT_REJECTED',
  'INVALID_CA',
  'INVALID_PURPOSE',
  'CERT_CHAIN_TOO_LONG',
  'PATH_LENGTH_EXCEEDED',
]);

/** A server that judges client certificates in the handshake did not take ours: another may do, where it lies in a file. */
export function isCertificateAlert(error: unknown): boolean {
  return causesOf(error).some(
    (link) => /ALERT.*CERT/.test(codeOf(link)) || /alert (bad |unknown )?certificate/i.test(messageOf(link)),
  );
}

function connectionProblem(error: unknown): Problem {
  const chain = causesOf(error);
  const codes = chain.map(codeOf);
  const words = plainText(messageOf(chain.at(-1)));
  const byProxy = chain.find((link) => link instanceof ProxyError);
  if (byProxy !== undefined) {
    const { proxy } = byProxy;
    return problem('proxy-failed', cause('proxyFailed', { proxy, reason: plainText(byProxy.message) }), { proxy });
  }
  if (codes.includes('CERT_HAS_EXPIRED')) {
    return problem('certificate-expired', cause('certificateExpired'));
  }
  if (codes.includes('CERT_NOT_YET_VALID')) {
    return problem('clock-wrong', cause('certificateEarly'));
  }
  if (codes.includes('HPE_HEADER_OVERFLOW')) {
    return tooLarge('head', largestHead).problem;
  }
  if (codes.includes('ERR_TLS_CERT_ALTNAME_INVALID')) {
    return problem('certificate-name', words);
  }
  if (codes.some((code) => untrusted.has(code))) {
    return problem('certificate-untrusted', words);
  }
  if (chain.some((link) => /alert (certificate expired|certificate_expired)/i.test(messageOf(link)))) {
    return problem('certificate-expired', cause('clientCertificateSaid'));
  }
  if (codes.some((code) => code.startsWith('ERR_SSL_') || code.startsWith('ERR_OSSL_'))) {
    return codes.some((code) => /ALERT|CERT/.test(code))
      ? problem('unauthorized', cause('handshake', { reason: words }))
      : problem('api-unreachable', `what answers there does not speak TLS as an API server does: ${words}`);
  }
  if (chain.some((link) => link instanceof SyntaxError)) {
    return problem('api-unreachable', cause('noJson'));
  }
  if (chain.some((link) => link instanceof Error && link.name === 'TimeoutError')) {
    return problem('api-unreachable', cause('noAnswer'));
  }
  return problem('api-unreachable', words || 'the connection failed');
}

/** The error and what caused it, outermost first. Sockets that tried several addresses carry an AggregateError. */
function causesOf(error: unknown): unknown[] {
  const chain: unknown[] = [];
  for (let link: unknown = error; link !== undefined && link !== null && chain.length < 8; ) {
    chain.push(link);
    link =
      link instanceof AggregateError && link.errors.length > 0
        ? link.errors[0]
        : ((link as { cause?: unknown; error?: unknown }).cause ?? (link as { error?: unknown }).error);
  }
  return chain;
}

function codeOf(error: unknown): string {
  const code = (error as { code?: unknown } | null)?.code;
  return typeof code === 'string' ? code : '';
}
