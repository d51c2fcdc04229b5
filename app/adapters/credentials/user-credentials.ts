/**
 * What a user entry holds to log in with, read and looked at before anything is sent: a key of another certificate, a
 * token with a line break or a file that is not there is told as that, not as what TLS or a server would make of it.
 */
import { createPrivateKey, type KeyObject, X509Certificate } from 'node:crypto';
import { resolve } from 'node:path';
import { cause, failure, type Problem, problem, type Result, success } from '../../contract/index.ts';
import type { ClusterCredentials } from '../../core/engine-messages.ts';
import { readBounded } from '../kubeconfig/read-files.ts';
import type { ContextParts } from '../kubeconfig/resolved-parts.ts';

type Holder = Pick<ContextParts, 'user' | 'userName' | 'userFile' | 'userFolder'>;

class Unusable extends Error {}

/** `credentials-unusable`, with the user and its kubeconfig, where something of it cannot be used. Secrets are never quoted. */
export async function userCredentials(holder: Holder): Promise<Result<ClusterCredentials>> {
  const { user } = holder;
  try {
    const certificate = await pemOf(holder, 'client-certificate', 'client-certificate-data', 'certificate');
    const key = await pemOf(holder, 'client-key', 'client-key-data', 'key');
    if ((certificate === null) !== (key === null)) {
      throw new Unusable(
        certificate === null
          ? 'it has a client key without a certificate'
          : 'it has a client certificate without a key',
      );
    }
    if (certificate !== null && key !== null) {
      checkPair(certificate, key);
    }
    const token = await tokenOf(holder);
    return success({
      ...(token === '' ? {} : { bearerToken: token }),
      ...(certificate === null || key === null ? {} : { clientCertificate: certificate.text, clientKey: key.text }),
      ...(user.username === '' ? {} : { username: user.username, password: user.password }),
    });
  } catch (error) {
    return failure(unusable(holder, error instanceof Error ? error.message : String(error)));
  }
}

interface Pem {
  readonly text: string;
  readonly where: string;
}

/** Data wins over a file, as in client-go. Null where there is neither. */
async function pemOf(
  { user, userFolder }: Holder,
  file: 'client-certificate' | 'client-key',
  data: 'client-certificate-data' | 'client-key-data',
  kind: string,
): Promise<Pem | null> {
  if (user[data] === '' && user[file] === '') {
    return null;
  }
  const isInline = user[data] !== '';
  const where = isInline ? data : resolve(userFolder, user[file]);
  const text = isInline
    ? Buffer.from(user[data], 'base64').toString('utf8')
    : await readNamed(user[file], userFolder, file);
  if (!text.includes('-----BEGIN ')) {
    throw new Unusable(`${where} holds no ${kind} in PEM`);
  }
  return { text, where };
}

function checkPair(certificate: Pem, key: Pem): void {
  let parsed: X509Certificate;
  try {
    parsed = new X509Certificate(certificate.text);
  } catch {
    throw new Unusable(`the certificate in ${certificate.where} cannot be read: its PEM is broken`);
  }
  if (/-----BEGIN ENCRYPTED |^Proc-Type: 4,ENCRYPTED/m.test(key.text)) {
    throw new Unusable(
      `the key in ${key.where} is encrypted, and kubeconfigs have no place for its password; store it without one`,
    );
  }
  let own: KeyObject;
  try {
    own = createPrivateKey(key.text);
  } catch {
    throw new Unusable(`the key in ${key.where} cannot be read: its PEM is broken, or it is a key of an unknown kind`);
  }
  if (!parsed.checkPrivateKey(own)) {
    throw new Unusable(`the certificate in ${certificate.where} and the key in ${key.where} do not belong together`);
  }
}

/** A token file wins over a token, where it can be read (client-go's BearerTokenFile), and is trimmed. */
async function tokenOf({ user, userFolder }: Holder): Promise<string> {
  if (user.tokenFile === '') {
    checkToken(user.token, 'its token');
    return user.token;
  }
  try {
    const token = (await readNamed(user.tokenFile, userFolder, 'tokenFile')).trim();
    const file = resolve(userFolder, user.tokenFile);
    if (token === '') {
      throw new Unusable(`the token file ${file} is empty`);
    }
    checkToken(token, `the token file ${file}`);
    return token;
  } catch (error) {
    if (user.token === '') {
      throw error;
    }
    checkToken(user.token, 'its token');
    return user.token;
  }
}

/** What a header of HTTP cannot carry (RFC 6750, b64token, is narrower; servers decide about that). */
function checkToken(token: string, what: string): void {
  const stray = /[^\x21-\x7e]/.exec(token)?.[0];
  if (stray !== undefined) {
    const found = /[\r\n]/.test(stray)
      ? 'a line break'
      : /\s/.test(stray)
        ? 'a space'
        : 'a character that no token may hold';
    throw new Unusable(`${what} holds ${found}`);
  }
}

async function readNamed(named: string, folder: string, field: string): Promise<string> {
  const file = resolve(folder, named);
  try {
    return await readBounded(file);
  } catch (error) {
    const isForeign = process.platform !== 'win32' && /^[A-Za-z]:[\\/]|^\\\\/.test(named);
    if (isForeign) {
      throw new Unusable(`${field} names ${named}, a path of Windows, which does not exist here`);
    }
    const reasons: Record<string, string> = {
      ENOENT: 'it does not exist',
      EACCES: 'you may not read it',
      ENOTDIR: 'it does not exist',
    };
    const { code = '', message } = error as NodeJS.ErrnoException;
    throw new Unusable(`${field} names ${file}: ${reasons[code] ?? message}`);
  }
}

function unusable({ userName, userFile }: Holder, because: string): Problem {
  const facts = { user: userName, file: userFile };
  return problem('credentials-unusable', cause('credentialsUnusable', { user: userName, reason: because }), facts);
}
