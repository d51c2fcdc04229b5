/** What a scalar of YAML 1.1 stands for, as go-yaml v2 resolves it (resolve.go). */

/** Numbers are only told from texts: no field of a kubeconfig is one. */
export type ScalarValue = string | number | boolean | null;

const words: ReadonlyMap<string, ScalarValue> = new Map<string, ScalarValue>([
  ...['y', 'Y', 'yes', 'Yes', 'YES', 'true', 'True', 'TRUE', 'on', 'On', 'ON'].map((word) => [word, true] as const),
  ...['n', 'N', 'no', 'No', 'NO', 'false', 'False', 'FALSE', 'off', 'Off', 'OFF'].map((word) => [word, false] as const),
  ...['', '~', 'null', 'Null', 'NULL'].map((word) => [word, null] as const),
  ...['.nan', '.NaN', '.NAN'].map((word) => [word, Number.NaN] as const),
  ...['.inf', '.Inf', '.INF', '+.inf', '+.Inf', '+.INF'].map((word) => [word, Number.POSITIVE_INFINITY] as const),
  ...['-.inf', '-.Inf', '-.INF'].map((word) => [word, Number.NEGATIVE_INFINITY] as const),
]);

/** Go's strconv.ParseInt with base 0, underscores taken out before. */
const integer = /^[-+]?(?:0[xX][0-9a-fA-F]+|0[bB][01]+|0[oO]?[0-7]+|[1-9][0-9]*|0)$/;
const float = /^[-+]?(?:\.[0-9]+|[0-9]+(?:\.[0-9]*)?)(?:[eE][-+]?[0-9]+)?$/;

const standard = 'tag:yaml.org,2002:';
const kinds: Record<string, (value: ScalarValue, text: string) => ScalarValue | undefined> = {
  str: (_, text) => text,
  bool: (value) => (typeof value === 'boolean' ? value : undefined),
  int: (value, text) => (typeof value === 'number' && integer.test(text.replaceAll('_', '')) ? value : undefined),
  float: (value) => (typeof value === 'number' ? value : undefined),
  null: (value) => (value === null ? null : undefined),
  timestamp: (value, text) => (typeof value === 'string' ? text : undefined),
  binary: (_, text) => Buffer.from(text, 'base64').toString('utf8'),
};

/** `tag` is the long form, where one was written. Throws where the text is not of its tag. */
export function resolveScalar(text: string, tag: string | undefined, isPlain: boolean): ScalarValue {
  if (tag === undefined || tag === '!') {
    return isPlain && tag === undefined ? plain(text) : text;
  }
  const kind = tag.startsWith(standard) ? kinds[tag.slice(standard.length)] : undefined;
  if (kind === undefined) {
    return text;
  }
  const value = kind(plain(text), text);
  if (value === undefined) {
    throw new Error(`cannot decode \`${text}\` as a !!${tag.slice(standard.length)}`);
  }
  return finite(value);
}

function plain(text: string): ScalarValue {
  const word = words.get(text);
  if (word !== undefined) {
    return finite(word);
  }
  if (!/^[-+.0-9]/.test(text)) {
    return text;
  }
  const digits = text.replaceAll('_', '');
  if (!text.startsWith('.') && integer.test(digits)) {
    return numberOf(digits);
  }
  return float.test(text.startsWith('.') ? text : digits) ? Number(digits) : text;
}

function finite(value: ScalarValue): ScalarValue {
  if (typeof value === 'number' && !Number.isFinite(value)) {
    throw new Error('unsupported value: JSON has no such number');
  }
  return value;
}

function numberOf(digits: string): number {
  const sign = digits.startsWith('-') ? -1 : 1;
  const unsigned = digits.replace(/^[-+]/, '');
  const octal = /^0[0-7]+$/.test(unsigned) ? `0o${unsigned.slice(1)}` : unsigned;
  return sign * Number(octal);
}
