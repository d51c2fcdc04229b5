/** Kubeconfigs as hands, tools and accidents make them, from a seed: the same seed makes the same files. */

/** mulberry32: small, and the same everywhere. */
export class Chance {
  #state: number;
  constructor(seed: number) {
    this.#state = seed >>> 0;
  }
  /** At least 0, below `limit`. */
  below(limit: number): number {
    this.#state = (this.#state + 0x6d2b79f5) >>> 0;
    let mixed = Math.imul(this.#state ^ (this.#state >>> 15), this.#state | 1);
    mixed ^= mixed + Math.imul(mixed ^ (mixed >>> 7), mixed | 61);
    return ((mixed ^ (mixed >>> 14)) >>> 0) % limit;
  }
  isOneIn(count: number): boolean {
    return this.below(count) === 0;
  }
  of<Item>(items: readonly Item[]): Item {
    const item = items[this.below(items.length)];
    if (item === undefined) {
      throw new Error('nothing to choose from');
    }
    return item;
  }
}

const names = [
  'one',
  'two',
  'three',
  'kind-kind',
  'arn:aws:eks:eu:1:cluster/x',
  'a@b',
  'with space',
  'ünïcode',
  '__proto__',
];

/** Values as somebody writes them where a text belongs. */
const scalars = [
  'plain',
  '"quoted"',
  "'single'",
  '""',
  '',
  'null',
  '~',
  'true',
  'yes',
  'On',
  'n',
  '123',
  '0x1F',
  '010',
  '089',
  '1_000',
  '1.5',
  '.5',
  '1e3',
  '.inf',
  '2024-01-02',
  '2024-01-02T03:04:05Z',
  '1:30',
  '0o17',
  '0b11',
  '"123"',
  '!!str 123',
  '!!int "5"',
  '!!bool yes',
  '!other thing',
  '[]',
  '{}',
  '[a]',
  '{a: b}',
  '|\n        block\n        text',
  '>-\n        folded\n        text',
  '"esc\\u0061ped"',
  '*undefined',
  '&anchor anchored',
  'a # comment',
  'a#no-comment',
  "it's",
  '"tab\there"',
  'tab\there',
  '@at',
  '%percent',
  '`tick',
  '- dash',
  '-dash',
  '? question',
  ':colon',
  'colon:',
  'a: b',
  'a :b',
  '[unclosed',
  '"unclosed',
  '\u00a0nbsp',
  '😀',
  '\u0007bell',
];
const servers = [
  'https://127.0.0.1:6443',
  'HTTPS://UPPER.example:6443',
  'host:6443',
  '10.0.0.1:6443',
  'https://h/a/b/',
  'https://[fd00::1]:6443',
  '"https://quoted"',
  'https://user:pass@h',
  'ftp://h',
  'https://h#f',
];
const base64s = ['QQ==', '"Qg=="', '|\n        QUJD\n        REVG', '"QU\\nJD"', 'QUJD', '"1234"'];
const oddBase64s = ['QQ', 'Q Q==', '_-8=', '=', '1234', '12', 'yes', '!!binary QUJD'];

/** A file, by pieces that are each sometimes odd. */
export function oddKubeconfig(chance: Chance): Uint8Array {
  const text = chance.isOneIn(8) ? jsonText(chance) : yamlText(chance);
  return encoded(mutated(text, chance), chance);
}

function yamlText(chance: Chance): string {
  const lines: string[] = [];
  if (chance.isOneIn(12)) lines.push(chance.of(['---', '%YAML 1.1\n---', '# comment', '', '--- # start']));
  if (!chance.isOneIn(6))
    lines.push(`apiVersion: ${chance.isOneIn(rare) ? chance.of(['v2', 'a/v1', '""', 'null', '1', ...scalars]) : 'v1'}`);
  if (!chance.isOneIn(6))
    lines.push(`kind: ${chance.isOneIn(rare) ? chance.of(['Pod', '""', 'null', 'config', ...scalars]) : 'Config'}`);
  if (chance.isOneIn(3)) lines.push(`preferences: ${chance.of(['{}', 'null', '', '{colors: true}', '{colors: yes}'])}`);
  if (chance.isOneIn(4)) lines.push(`extensions: ${chance.of(['null', '[]', '[{name: a, extension: {b: 1}}]'])}`);
  if (!chance.isOneIn(5))
    lines.push(`current-context: ${chance.isOneIn(rare) ? chance.of(scalars) : chance.of(names)}`);
  const lists = [
    listText(chance, 'clusters', 'cluster', clusterText),
    listText(chance, 'users', 'user', userText),
    listText(chance, 'contexts', 'context', contextText),
  ];
  for (const list of chance.isOneIn(3) ? lists.reverse() : lists) lines.push(list);
  if (chance.isOneIn(15))
    lines.push(
      chance.of([
        '...',
        '---',
        '---\nkind: Pod',
        '---\n[broken',
        'Kind: Pod',
        'unknown: field',
        'clusters: []',
        'contexts: null',
        '<<: {current-context: merged}',
      ]),
    );
  return `${lines.join('\n')}${chance.isOneIn(5) ? '' : '\n'}`;
}

type Fields = readonly (readonly [string, string])[];

function listText(chance: Chance, list: string, field: string, fieldsOf: (chance: Chance) => Fields): string {
  if (chance.isOneIn(rare)) return `${list}: ${chance.of(['null', '', '[]', '{}', 'text', '[null]', '[[]]', '[{}]'])}`;
  const items: string[] = [];
  const indent = chance.of(['', '', '  ', '    ']);
  const count = 1 + chance.below(3);
  const chosen = names.slice(chance.below(3));
  for (let index = 0; index < count; index++) {
    const name = chance.isOneIn(rare) ? chance.of(scalars) : (chosen[index] ?? 'last');
    items.push(itemText(chance, indent, chance.isOneIn(rare) ? 'one' : name, field, fieldsOf(chance)));
  }
  return `${list}:${chance.isOneIn(15) ? ' # those' : ''}\n${items.join('\n')}`;
}

function itemText(chance: Chance, indent: string, name: string, field: string, fields: Fields): string {
  const isFlow = chance.isOneIn(4) && !fields.some(([, value]) => value.includes('\n')) && !name.includes('\n');
  if (isFlow) {
    const flow = fields.map(([key, value]) => `${key}: ${value}`).join(chance.of([', ', ',', ' , ']));
    return `${indent}- {name: ${name}, ${field}: {${flow}}}`;
  }
  if (chance.isOneIn(rare))
    return `${indent}- name: ${name}\n${indent}  ${field}: ${chance.of(['', 'null', '{}', '[]', 'text', '5'])}`;
  if (chance.isOneIn(30)) return `${indent}- name: ${name}`;
  const content = fields.map(([key, value]) => `${indent}    ${key}: ${value}`).join('\n');
  const nameLine = `name: ${name}`;
  const body = `${field}:\n${content}`;
  return chance.isOneIn(2)
    ? `${indent}- ${nameLine}\n${indent}  ${body}`
    : `${indent}- ${body}\n${indent}  ${nameLine}`;
}

/** How rare what is odd is in one place, so that about half of the files can be read. */
const rare = 30;

function maybe(
  chance: Chance,
  share: number,
  key: string,
  values: readonly string[],
  odd: readonly string[] = scalars,
): Fields {
  return chance.isOneIn(share)
    ? [[key, chance.isOneIn(rare) ? chance.of([...odd, ...scalars]) : chance.of(values)]]
    : [];
}

function shuffledOdd(chance: Chance, fields: Fields): Fields {
  const twice = chance.isOneIn(20) && fields.length > 0 ? [chance.of(fields)] : [];
  const unknown: Fields = chance.isOneIn(15)
    ? [
        [
          chance.of(['unknown', 'Server', 'TOKEN', 'x-y', '1', 'yes', '"quoted key"', '<<']),
          chance.of(['{server: "https://merged"}', 'x', '1']),
        ],
      ]
    : [];
  return [...fields, ...twice, ...unknown];
}

function clusterText(chance: Chance): Fields {
  return shuffledOdd(chance, [
    ...(chance.isOneIn(20)
      ? []
      : ([['server', chance.isOneIn(rare) ? chance.of(scalars) : chance.of(servers)]] as const)),
    ...maybe(chance, 3, 'certificate-authority-data', base64s, oddBase64s),
    ...maybe(chance, 5, 'certificate-authority', [
      'ca.pem',
      '/abs/ca.pem',
      '../ca.pem',
      'C:\\ca.pem',
      '"C:\\\\ca.pem"',
    ]),
    ...maybe(chance, 5, 'insecure-skip-tls-verify', ['true', 'false', 'yes', 'Off', 'null'], ['"true"', '1']),
    ...maybe(chance, 8, 'tls-server-name', ['name']),
    ...maybe(chance, 8, 'proxy-url', ['http://p:1', 'socks5://p:1', '']),
    ...maybe(chance, 12, 'disable-compression', ['true', 'no']),
    ...maybe(
      chance,
      10,
      'extensions',
      ['null', '[]', '[{name: client.authentication.k8s.io/exec, extension: {a: [1, x]}}]'],
      ['{}', '[{name: a}, {name: a}]'],
    ),
  ]);
}

function userText(chance: Chance): Fields {
  return shuffledOdd(chance, [
    ...maybe(chance, 2, 'token', ['abc', '"a\\nb"', "'a b'", 'ab\n        cd']),
    ...maybe(chance, 6, 'tokenFile', ['token', '/run/token']),
    ...maybe(chance, 4, 'client-certificate-data', base64s, oddBase64s),
    ...maybe(chance, 4, 'client-key-data', base64s, oddBase64s),
    ...maybe(chance, 8, 'client-certificate', ['c.pem']),
    ...maybe(chance, 8, 'client-key', ['k.pem']),
    ...maybe(chance, 8, 'username', ['jo', '"007"'], ['007']),
    ...maybe(chance, 8, 'password', ['pw', '12_34x'], ['12345']),
    ...maybe(chance, 10, 'as', ['admin']),
    ...maybe(chance, 12, 'as-groups', ['[a, b]', 'null', '[null]'], ['[1]', 'a']),
    ...maybe(chance, 12, 'as-user-extra', ['{a: [b]}', '{a: null}', '{1: [x]}', '{yes: [x]}', 'null'], ['{a: b}']),
    ...maybe(
      chance,
      4,
      'exec',
      [
        '{apiVersion: client.authentication.k8s.io/v1, command: aws, args: [eks, get-token], env: null, interactiveMode: Never}',
        '{apiVersion: client.authentication.k8s.io/v1beta1, command: x, args: null, env: [{name: A, value: b}]}',
        '{command: x, env: [{name: A, value: "1"}], provideClusterInfo: yes}',
        '{}',
        'null',
      ],
      ['{command: x, args: [1]}', '{command: x, env: [{name: A, value: 1}]}', '[]'],
    ),
    ...maybe(
      chance,
      10,
      'auth-provider',
      ['{name: gcp, config: {a: b}}', '{name: oidc}', 'null'],
      ['{config: {a: 1}}'],
    ),
  ]);
}

function contextText(chance: Chance): Fields {
  return shuffledOdd(chance, [
    ...(chance.isOneIn(12) ? [] : ([['cluster', chance.of(names.slice(0, 4))]] as const)),
    ...(chance.isOneIn(6)
      ? []
      : ([['user', chance.isOneIn(rare) ? chance.of(scalars) : chance.of(names.slice(0, 4))]] as const)),
    ...maybe(chance, 2, 'namespace', ['default', 'team', '""', 'null'], ['1']),
  ]);
}

function jsonText(chance: Chance): string {
  const document = {
    apiVersion: 'v1',
    kind: 'Config',
    'current-context': chance.of(names),
    clusters: [
      {
        name: 'one',
        cluster: {
          server: chance.of(servers).replaceAll('"', ''),
          'certificate-authority-data': chance.of(['QQ==', null]),
        },
      },
    ],
    users: [{ name: chance.of(['one', 'ü', 'a/b']), user: { token: chance.of(['a', 'a\nb', null]), exec: null } }],
    contexts: [{ name: 'one', context: { cluster: 'one', user: chance.of(['one', '', null]) } }],
  };
  return JSON.stringify(document, null, chance.of(['', '  ', '\t'])) + chance.of(['', '\n', '\n\n', '\n\t\n']);
}

/** Slips of an editor, over the whole text. */
function mutated(text: string, chance: Chance): string {
  if (!chance.isOneIn(6)) return text;
  const at = chance.below(text.length + 1);
  const lines = text.split('\n');
  const line = chance.below(lines.length);
  switch (chance.below(9)) {
    case 0:
      return text.slice(0, at);
    case 1:
      return text.slice(0, at) + text.slice(at + 1);
    case 2:
      return (
        text.slice(0, at) +
        chance.of(['\t', ' ', ':', '"', '{', '}', '#', '\n', '-', '\r', '\u0000', '\u0085', '\ufeff', '&', '*']) +
        text.slice(at)
      );
    case 3:
      return lines.toSpliced(line, 1).join('\n');
    case 4:
      return lines.toSpliced(line, 0, lines[line] ?? '').join('\n');
    case 5:
      return text.replaceAll('\n', '\r\n');
    case 6:
      return lines.with(line, `\t${lines[line]}`).join('\n');
    case 7:
      return lines.with(line, ` ${lines[line]}`).join('\n');
    default:
      return lines.with(line, `${lines[line]} \t`).join('\n');
  }
}

function encoded(text: string, chance: Chance): Uint8Array {
  const wide = Buffer.from(`\ufeff${text}`, 'utf16le');
  switch (chance.below(24)) {
    case 0:
      return Buffer.from(`\ufeff${text}`);
    case 1:
      return wide;
    case 2:
      return Buffer.from(wide).swap16();
    case 3:
      return Buffer.from(text, 'latin1');
    case 4:
      return wide.subarray(2);
    default:
      return Buffer.from(text);
  }
}
