/**
 * YAML as kubectl reads it: go-yaml v2 (YAML 1.1) and then JSON (sigs.k8s.io/yaml, YAMLToJSON). That means `yes` is a
 * boolean, of a key that is given twice the last one counts, `<<` merges, only the first document counts, and UTF-16
 * is read where it has a mark. The nodes keep their lines, so that whatever is wrong with them can be found.
 */
import {
  isAlias,
  isCollection,
  isMap,
  isNode,
  isScalar,
  isSeq,
  LineCounter,
  type Node,
  type Pair,
  parseAllDocuments,
  visit,
} from 'yaml';
import { resolveScalar, type ScalarValue } from './yaml-scalar.ts';

interface Counted {
  readonly line: number; // from 1
  /** How many nodes go-yaml would visit, and how many of them through aliases: what it refuses a bomb by. */
  readonly visits: number;
  readonly aliased: number;
}
export type YamlNode = Counted &
  (
    | { readonly kind: 'mapping'; readonly entries: ReadonlyMap<string, YamlNode> }
    | { readonly kind: 'list'; readonly items: readonly YamlNode[] }
    | { readonly kind: 'scalar'; readonly value: ScalarValue }
  );

/** Something that is read all the same. */
export interface YamlRemark {
  readonly kind: 'twice' | 'documents' | 'utf16';
  readonly line: number;
  readonly key: string;
}

export interface YamlFile {
  readonly root: YamlNode;
  readonly remarks: readonly YamlRemark[];
}

export class YamlError extends Error {
  readonly line: number | null;
  constructor(message: string, line: number | null) {
    super(message);
    this.line = line;
  }
}

/** Reads the first document. Throws YamlError where go-yaml would refuse it. */
export function readYaml(bytes: Uint8Array): YamlFile {
  const remarks: YamlRemark[] = [];
  const { text, isWide } = decode(bytes);
  if (isWide) {
    remarks.push({ kind: 'utf16', line: 1, key: '' });
  }
  const lines = new LineCounter();
  const documents = parseAllDocuments(text, {
    version: '1.1',
    schema: 'failsafe',
    merge: false,
    uniqueKeys: false,
    prettyErrors: false,
    logLevel: 'silent',
    lineCounter: lines,
  });
  const lineOf = (offset: number) => lines.linePos(offset).line;
  const [first, second] = 'empty' in documents ? [] : documents;
  if (first === undefined) {
    return { root: nothing(1), remarks };
  }
  // What stands behind the bracket of a document in brackets is never looked at.
  const end = isCollection(first.contents) && first.contents.flow === true ? (first.contents.range?.[1] ?? 0) : 0;
  const isWhole = /[\]}]/.test(text.charAt(end - 1));
  const error = first.errors.find(({ pos }) => !isWhole || pos[0] < end);
  if (error !== undefined) {
    throw new YamlError(error.message, lineOf(error.pos[0]));
  }
  if (second !== undefined) {
    remarks.push({ kind: 'documents', line: lineOf(second.range[0]), key: '' });
  }
  refuseTabs(text, first.contents, lineOf);
  const root = new Reader(lineOf, remarks).read(first.contents, 0);
  refuseBomb(root);
  return { root, remarks };
}

/** As JSON has it. */
export function jsonOf(node: YamlNode): unknown {
  switch (node.kind) {
    case 'scalar':
      return node.value;
    case 'list':
      return node.items.map(jsonOf);
    case 'mapping':
      return Object.fromEntries([...node.entries].map(([key, value]) => [key, jsonOf(value)]));
  }
}

/** The line of what is at a path, or of the nearest thing above it that is there. */
export function lineAt(root: YamlNode, path: readonly PropertyKey[]): number {
  let node = root;
  for (const key of path) {
    const next = node.kind === 'mapping' ? node.entries.get(String(key)) : undefined;
    const below = node.kind === 'list' && typeof key === 'number' ? node.items[key] : next;
    if (below === undefined) {
      break;
    }
    node = below;
  }
  return node.line;
}

function nothing(line: number): YamlNode {
  return { kind: 'scalar', value: null, line, visits: 1, aliased: 0 };
}

class Reader {
  readonly #lineOf: (offset: number) => number;
  readonly #remarks: YamlRemark[];
  /** As far as they were read: an alias means the nearest anchor before it. Null: its own node is being read. */
  readonly #anchors = new Map<string, YamlNode | null>();

  constructor(lineOf: (offset: number) => number, remarks: YamlRemark[]) {
    this.#lineOf = lineOf;
    this.#remarks = remarks;
  }

  read(node: unknown, offset: number, isInFlow = false): YamlNode {
    const start = isNode(node) ? (node.range?.[0] ?? offset) : offset;
    const line = this.#lineOf(start);
    if (!isNode(node)) {
      return nothing(line);
    }
    if (isAlias(node)) {
      return this.#alias(node.source, line);
    }
    const { anchor } = node as { anchor?: string };
    if (anchor !== undefined) {
      this.#anchors.set(anchor, null);
    }
    const read = this.#content(node, line, start, isInFlow);
    if (anchor !== undefined) {
      this.#anchors.set(anchor, read);
    }
    return read;
  }

  #alias(name: string, line: number): YamlNode {
    const target = this.#anchors.get(name);
    if (target === undefined) {
      throw new YamlError(`unknown anchor '${name}' referenced`, line);
    }
    if (target === null) {
      throw new YamlError(`anchor '${name}' value contains itself`, line);
    }
    return { ...target, line, visits: target.visits + 1, aliased: target.visits };
  }

  #content(node: Node, line: number, start: number, isInFlow: boolean): YamlNode {
    const isFlow = isInFlow || (isCollection(node) && node.flow === true);
    if (isSeq(node)) {
      const items = node.items.map((item) => this.read(item, start, isFlow));
      return { kind: 'list', items, line, ...sum(items) };
    }
    if (isMap(node)) {
      return this.#mapping(node.items, line, start, isFlow);
    }
    if (!isScalar(node)) {
      throw new YamlError('it holds something that is no YAML', line);
    }
    const isPlain = node.type === 'PLAIN' || node.type === undefined;
    if (isPlain && isInFlow && /^[:?]/.test(node.source ?? '')) {
      throw new YamlError('did not find expected node content', line);
    }
    try {
      return { kind: 'scalar', value: resolveScalar(String(node.value ?? ''), node.tag, isPlain), line, ...leaf };
    } catch (error) {
      throw new YamlError(error instanceof Error ? error.message : String(error), line);
    }
  }

  #mapping(pairs: readonly Pair<unknown, unknown>[], line: number, start: number, isFlow: boolean): YamlNode {
    const entries = new Map<string, YamlNode>();
    const own = new Set<string>();
    const visited: YamlNode[] = [];
    for (const pair of pairs) {
      const at = isNode(pair.key) ? (pair.key.range?.[0] ?? start) : start;
      if (isMerge(pair.key)) {
        const value = this.read(pair.value, at, isFlow);
        visited.push(value);
        merge(entries, value);
        continue;
      }
      const key = this.read(pair.key, at, isFlow);
      const name = keyOf(key);
      const value = this.read(pair.value, at, isFlow);
      if (own.has(name)) {
        this.#remarks.push({ kind: 'twice', line: key.line, key: name });
      }
      own.add(name);
      // What a key is given twice with counts where it is given last.
      entries.delete(name);
      entries.set(name, value.kind === 'scalar' && value.value === null ? { ...value, line: key.line } : value);
      visited.push(key, value);
    }
    return { kind: 'mapping', entries, line, ...sum(visited) };
  }
}

const leaf = { visits: 1, aliased: 0 };

function sum(nodes: readonly YamlNode[]): { visits: number; aliased: number } {
  return nodes.reduce(
    (total, { visits, aliased }) => ({ visits: total.visits + visits, aliased: total.aliased + aliased }),
    leaf,
  );
}

function isMerge(key: unknown): boolean {
  return isScalar(key) && key.value === '<<' && (key.type === 'PLAIN' || key.tag === 'tag:yaml.org,2002:merge');
}

/** What is merged overrides what stands before it and not what follows; of several the first one counts. */
function merge(entries: Map<string, YamlNode>, value: YamlNode): void {
  if (value.kind === 'list') {
    for (const item of [...value.items].reverse()) {
      if (item.kind !== 'mapping') {
        throw new YamlError('map merge requires map or sequence of maps as the value', item.line);
      }
      merge(entries, item);
    }
    return;
  }
  if (value.kind !== 'mapping') {
    throw new YamlError('map merge requires map or sequence of maps as the value', value.line);
  }
  for (const [name, entry] of value.entries) {
    entries.set(name, entry);
  }
}

function keyOf(key: YamlNode): string {
  if (key.kind !== 'scalar') {
    throw new YamlError('invalid map key', key.line);
  }
  if (key.value === null) {
    throw new YamlError('unsupported map key: null', key.line);
  }
  return String(key.value);
}

/** go-yaml takes no tab for the start of a line, not even of an empty one, but in brackets, quotes and block texts. */
function refuseTabs(text: string, contents: unknown, lineOf: (offset: number) => number): void {
  const tabs = [...text.matchAll(/^\t+(?=\n|#|$)/gm)].map(({ index }) => index);
  if (tabs.length === 0) {
    return;
  }
  const free: (readonly [number, number])[] = [];
  visit(contents as Node, {
    Node: (_, node) => {
      const isQuoted = isScalar(node) && node.type !== 'PLAIN' && node.type !== undefined;
      if ((isQuoted || (isCollection(node) && node.flow === true)) && node.range) {
        free.push([node.range[0], node.range[1]]);
      }
    },
  });
  const stray = tabs.find((tab) => !free.some(([from, to]) => from <= tab && tab < to));
  if (stray !== undefined) {
    throw new YamlError('found character that cannot start any token (a tab)', lineOf(stray));
  }
}

/** go-yaml's rule (allowedAliasRatio), taken once over the whole. */
function refuseBomb({ visits, aliased }: YamlNode): void {
  const share = Math.min(1, Math.max(0, (visits - 400_000) / 3_600_000));
  if (aliased > 100 && visits > 1000 && aliased / visits > 0.99 - 0.89 * share) {
    throw new YamlError('document contains excessive aliasing', null);
  }
}

/** Throws YamlError for bytes that are no text, as go-yaml's reader does. */
function decode(bytes: Uint8Array): { text: string; isWide: boolean } {
  const encoding =
    bytes[0] === 0xff && bytes[1] === 0xfe ? 'utf-16le' : bytes[0] === 0xfe && bytes[1] === 0xff ? 'utf-16be' : 'utf-8';
  let text: string;
  try {
    text = new TextDecoder(encoding, { fatal: true }).decode(bytes);
  } catch {
    throw new YamlError(`it is not text: its bytes are no ${encoding.toUpperCase()}`, null);
  }
  const lines = text.replaceAll(/\r\n?|\u0085/g, '\n');
  const stray = /[^\t\n\x20-\x7e\x85\xa0-\ud7ff\ue000-\ufffd\u{10000}-\u{10ffff}]/u.exec(lines);
  if (stray !== null) {
    const line = lines.slice(0, stray.index).split('\n').length;
    throw new YamlError('control characters are not allowed', line);
  }
  return { text: lines, isWide: encoding !== 'utf-8' };
}
