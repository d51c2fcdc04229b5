/**
 * What a text holds that opens something: keys, tokens by the shapes that their makers gave them, and values behind a
 * name that says that they are secret. Found by form alone, so it errs on the side of taking too much. Pure.
 */

/** Blocks of PEM, with line ends as they are or as JSON writes them; one that was cut off goes to the end. */
const pemBlock = /-----BEGIN [A-Z0-9 ]+-----[\s\S]*?(-----END [A-Z0-9 ]+-----|$)/g;

/** Tokens whose makers gave them a form of their own. */
const shapes: readonly RegExp[] = [
  // JSON Web Tokens and encrypted ones (RFC 7519, RFC 7516), also cut off
  /\beyJ[\w-]{5,}(?:\.[\w-]*){0,4}/g,
  // behind a scheme of HTTP authorization (RFC 9110, section 11)
  /(?<=\b(?:bearer|basic|negotiate|digest)\s+)[\w.~+/=-]{4,}/gi,
  // public keys of SSH name their owner; private ones are PEM
  /\b(?:ssh-(?:rsa|dss|ed25519)|ecdsa-sha2-nistp\d+|sk-ssh-[\w@.-]+)\s+AAAA[\w+/=]*(?:[ \t]+[\w.-]+@[\w.-]+)?/g,
  /\bAGE-SECRET-KEY-1[A-Z0-9]{10,}/g,
  // Kubernetes: EKS, OpenShift, Rancher (name:value), bootstrap tokens are below
  /\bk8s-aws-v1\.[\w-]+/g,
  /\bsha256~[\w-]{20,}/g,
  /\b(?:kubeconfig-(?:u|user)-[a-z0-9]+|token-[a-z0-9]{4,})(?:\.[a-z0-9-]+)?:[a-z0-9]{20,}/g,
  // clouds: Amazon, Google, Azure, DigitalOcean, Databricks
  /\b(?:AKIA|ASIA|AROA|AIDA|AGPA|ANPA|ABIA|ACCA)[A-Z0-9]{12,}/g,
  /\b(?:ya29\.|AIza|GOCSPX-)[\w.-]{10,}/g,
  /(?<![\w/])1\/\/0[\w-]{20,}/g,
  /(?<![\w~.-])[\w~.-]{3}\dQ~[\w~.-]{20,}/g,
  /\bdo[opr]_v1_[a-f0-9]{16,}/g,
  /\bdapi[a-f0-9]{24,}/g,
  // code hosts and package registries
  /\b(?:gh[opsur]_|github_pat_|gl(?:pat|dt|rt|rtr|cbt|ptt|ft|soat|agent|imt|ffct)-|npm_|pypi-|dckr_(?:pat|oat)_|rubygems_|ATATT3|ATBB)[\w.=-]{8,}/g,
  // Vault, Terraform, Doppler, Pulumi
  /\bhv[sbr]\.[\w-]{8,}/g,
  /(?<![\w.])[sbr]\.[A-Za-z0-9]{24}(?![\w.])/g,
  /\b[A-Za-z0-9]{14}\.atlasv1\.[\w-]{20,}/g,
  /\bdp\.(?:pt|st|ct|sa|scim|audit)\.[\w.-]{10,}/g,
  /\bpul-[a-f0-9]{20,}/g,
  // services: Slack, Stripe, SendGrid, Twilio, Shopify, Grafana, New Relic, Sentry, OpenAI, Anthropic, Hugging Face, Linear, Telegram
  /\bxox[abceoprs][-.][\w-]{8,}/g,
  /\bxapp-[\w-]{8,}/g,
  /\b(?:sk|pk|rk)[_-](?:live|test|prod)[_-][A-Za-z0-9]{8,}/g,
  /\bwhsec_[\w+/=]{8,}/g,
  /\bSG\.[\w-]{8,}\.[\w-]{8,}/g,
  /\b(?:SK|AC)[0-9a-f]{32}\b/g,
  /\bshp(?:at|ss|ca|pa)_[a-fA-F0-9]{16,}/g,
  /\b(?:glsa|glc|NRAK|sntrys|sntryu|lin_api|hf)[_-][\w+/=.-]{12,}/g,
  /\bsk-(?:ant-|proj-|svcacct-)?[\w-]{20,}/g,
  /\b\d{8,10}:AA[\w-]{30,}/g,
  // codes that log a device in (RFC 8628, section 6.1)
  /(?<=\bcodes?\b["']?[^A-Za-z0-9\n]{1,4}(?:is |enter )?["']?)[A-Z0-9]{4}-[A-Z0-9]{4}\b/gi,
  /(?<=[?&](?:code|state|sig|signature|X-Amz-Signature)=)[^\s"'&\\]{6,}/gi,
  // hooks whose address is the secret
  /(?<=hooks\.slack\.com\/)[\w/]+|(?<=\/api\/webhooks\/)[\w/-]+/g,
];

/** A bootstrap token of Kubernetes (kubeadm); a word of so many letters is none. */
const bootstrapToken = /(?<![A-Za-z0-9.])[a-z0-9]{6}\.[a-z0-9]{16}(?![A-Za-z0-9.])/g;

/** Long runs that look like encoded bytes. Pod names and paths are lower case and have their hyphens. */
const encodedRun = /[A-Za-z0-9+/_-]{40,}={0,2}|(?<![A-Za-z0-9])[A-Za-z0-9]{32,}(?![A-Za-z0-9])/g;

/** An account and its password before a host, without a scheme: `root:pass@tcp(db:3306)`. */
const accountBeforeHost = /(?<![\w/.:@-])[\w.%+-]{1,64}:[^\s:@/"'\\]{3,128}@(?=[\w([])/g;

/** Options of programs that take an account: curl and its kin. */
const accountOption = /(?<=(?:^|\s)(?:-u|--user|--proxy-user)[\s=]+["']?)[^\s:"']+:[^\s"']+/g;

const secretWord =
  'token|password|passwd|passphrase|passcode|pwd|secret|authorization|credential|api[-_]?key|access[-_]?key|account[-_]?key|client[-_]?key|private[-_]?key|signing[-_]?key|encryption[-_]?key|key-data|certificate-(?:authority-)?data|cookie|otp';

/**
 * A name that says secret, and what assigns: in JSON (also within JSON), YAML, a query, an environment or an option. The
 * name is caught whole, so that `secretName` can be told from `secret`.
 */
const assignment = new RegExp(
  `(?<![\\w-])((?:--)?[\\w.-]{0,80}?(?:${secretWord})[\\w-]{0,40})(\\\\*["']?\\s?(?:[:=]|\\s=)[ \\t]*|(?<=--[\\w-]{1,120})[ \\t]+)`,
  'gi',
);

/** Names that speak about a secret and hold none. */
const aboutOnly =
  /(?:name|names|ref|refs|seconds|expiry|expires|expired|expiration|expirationtimestamp|ttl|path|file|url|uri|count|bytes|length|policy|type|kind|namespace|version|mode|requested|required)$/i;
const folders = /^(?:OLD)?PWD$/;

/** Values that say nothing. */
const plainValue = /^(?:true|false|null|none|\d{1,3}|\[secret\]|\*{3,}|<[\w -]*>)(?=[\s,;\]}]|$)/i;

const unquotedValue = /^[^\n"'&;\\]*?(?=\s+[\w.-]+=(?![=\s]|$)|\s+--?[a-z]|,\s*["']?[\w.-]+["']?[:=]|[\n"'&;\\]|$)/i;

/** The value that begins at `start`: how long it is, and where in it the secret is. Null where there is none. */
function valueAt(text: string, start: number): { from: number; to: number } | null {
  const rest = text.slice(start, start + 20_000);
  const opening = /^\\*["']/.exec(rest)?.[0];
  if (opening !== undefined) {
    // What opened it closes it: a quote within JSON within JSON carries the same backslashes.
    const body = rest.slice(opening.length);
    const closing = closingOf(body, opening);
    return { from: start + opening.length, to: start + opening.length + closing };
  }
  const block = /^[|>][+-]?\d?[ \t]*\n((?:[ \t]+[^\n]*(?:\n|$)|\n)+)/.exec(rest);
  if (block !== null) {
    return { from: start, to: start + block[0].trimEnd().length };
  }
  const gathered = /^(?:\[[^\]]*(?:\]|$)|\{[^}]*(?:\}|$))/.exec(rest)?.[0];
  if (gathered !== undefined) {
    return /["'\w]/.test(gathered) ? { from: start, to: start + gathered.length } : null;
  }
  const plain = unquotedValue.exec(rest)?.[0].trimEnd() ?? '';
  return plain === '' ? null : { from: start, to: start + plain.length };
}

/** Where the quote that opened closes; the end where it was cut off. */
function closingOf(body: string, opening: string): number {
  for (let at = body.indexOf(opening); at !== -1; at = body.indexOf(opening, at + 1)) {
    if (opening.length > 1 || body[at - 1] !== '\\') {
      return at;
    }
  }
  const lineEnd = body.indexOf('\n');
  return lineEnd === -1 ? body.length : lineEnd;
}

function withoutNamed(text: string, secret: () => string): string {
  assignment.lastIndex = 0;
  let clean = '';
  let done = 0;
  for (let found = assignment.exec(text); found !== null; found = assignment.exec(text)) {
    const [whole, name = ''] = found;
    if (aboutOnly.test(name) || folders.test(name)) {
      continue;
    }
    const value = valueAt(text, found.index + whole.length);
    if (value === null || plainValue.test(text.slice(value.from, value.to)) || value.to <= value.from) {
      continue;
    }
    clean += text.slice(done, value.from) + secret();
    done = value.to;
    assignment.lastIndex = value.to;
  }
  return clean + text.slice(done);
}

function looksEncoded(run: string): boolean {
  if (/^[0-9a-f]+$/i.test(run)) {
    return run.length >= 40 && /\d/.test(run) && /[a-f]/i.test(run);
  }
  const digits = run.replaceAll(/\D/g, '').length;
  const isMixed = /[A-Z]/.test(run) && /[a-z]/.test(run) && digits > 0;
  return (isMixed && run.length >= 40) || (/^[A-Za-z0-9]+$/.test(run) && digits >= 4 && /[a-z]/i.test(run));
}

/** The text without its secrets; `secret` says what stands in the place of one, and is called for each. */
export function withoutSecrets(text: string, secret: () => string): string {
  let clean = withoutNamed(text.replace(pemBlock, secret), secret);
  for (const shape of shapes) {
    clean = clean.replace(shape, secret);
  }
  return clean
    .replace(bootstrapToken, (found) => (/\d/.test(found) ? secret() : found))
    .replace(accountOption, secret)
    .replace(accountBeforeHost, () => `${secret()}@`)
    .replace(encodedRun, (run) => (looksEncoded(run) ? secret() : run));
}
