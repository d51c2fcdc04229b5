/**
 * Which domains a Corefile serves, as CoreDNS reads it (coredns.io/manual/configuration; caddyfile's lexer and parser, from
 * which CoreDNS has its own). Pure. What cannot be told from the text alone (the environment of CoreDNS, files that it
 * imports) is left out.
 */

/** Where the zones of a plugin stand in its line, for plugins that answer: behind so many arguments, and how many there are. */
const answering: ReadonlyMap<string, { readonly behind: number; readonly zones: number }> = new Map(
  Object.entries({
    forward: { behind: 0, zones: 1 },
    proxy: { behind: 0, zones: 1 }, // what forward was before CoreDNS 1.5
    grpc: { behind: 0, zones: 1 },
    hosts: { behind: 1, zones: 100 },
    file: { behind: 1, zones: 100 },
    auto: { behind: 0, zones: 100 },
    secondary: { behind: 0, zones: 100 },
    etcd: { behind: 0, zones: 100 },
    route53: { behind: 0, zones: 100 },
    clouddns: { behind: 0, zones: 100 },
    kubernetes: { behind: 0, zones: 100 },
    multicluster: { behind: 0, zones: 100 },
    k8s_external: { behind: 0, zones: 100 },
    template: { behind: 2, zones: 100 },
  }),
);

/** A ConfigMap holds a mebibyte; no Corefile that people write comes near this. */
const mostCharacters = 256 * 1024;
/** Snippets that import snippets: as deep as anybody means it, and not as deep as two that import each other. */
const deepest = 8;
const mostLines = 10_000;
/** The port of DNS, where a key names none. */
const usualPort = '53';

interface Line {
  readonly words: readonly string[];
  readonly body: readonly Line[];
}

/** Domains in lower case, without the dot at their end, in the order of the text; neither the root nor reverse zones. */
export function domainsOfCorefile(text: string): string[] {
  const snippets = new Map<string, readonly Line[]>();
  const blocks: { readonly keys: readonly Key[]; readonly body: readonly Line[] }[] = [];
  for (const { words, body } of blocksOf(linesOf(text.slice(0, mostCharacters)))) {
    const snippet = /^\((.+)\)$/.exec(words[0] ?? '')?.[1];
    if (snippet !== undefined && words.length === 1) {
      snippets.set(snippet, body);
    } else {
      blocks.push({ keys: words.map(keyOf).filter((key) => key !== null), body });
    }
  }
  // The cluster's Service leads to the port that everything else is served on (OpenShift: 5353).
  const isRoot = ({ zone }: Key) => zone === '';
  const ports = new Set([usualPort, ...blocks.flatMap(({ keys }) => keys.filter(isRoot).map(({ port }) => port))]);
  const found = blocks.flatMap(({ keys, body }) => {
    const served = keys.filter(({ port }) => ports.has(port)).map(({ zone }) => zone);
    return served.length === 0
      ? []
      : expanded(body, snippets, { left: mostLines }, deepest).flatMap((line) => zonesOf(line, served));
  });
  return [...new Set(found)].filter((zone) => zone !== '' && !/(^|\.)(in-addr|ip6)\.arpa$/.test(zone));
}

/** What this line answers for: zones of its own, which lie within those of its block, else all of its block's. */
function zonesOf({ words, body }: Line, served: readonly string[]): readonly string[] {
  const [plugin = '', ...given] = words;
  const form = answering.get(plugin);
  const isBlocking = plugin === 'template' && !body.some((line) => line.words[0] === 'answer');
  if (form === undefined || isBlocking) {
    return [];
  }
  const named = given.slice(form.behind, form.behind + form.zones).map((word) => keyOf(word)?.zone);
  const own = named
    .filter((zone) => zone !== undefined)
    .filter((zone) => served.some((outer) => isWithin(zone, outer)));
  return named.length === 0 || own.includes('') || (own.length === 0 && named.includes('')) ? served : own;
}

function isWithin(zone: string, outer: string): boolean {
  return outer === '' || zone === outer || zone.endsWith(`.${outer}`);
}

interface Key {
  readonly zone: string; // empty: the root
  readonly port: string;
}

/** `zone`, `zone:port`, `dns://zone:port`; null for what plain DNS does not serve, and for what only CoreDNS's environment tells. */
function keyOf(word: string): Key | null {
  const found = /^(?:dns:\/\/)?([a-z0-9_.-]*)(?::(\d{1,5}))?$/i.exec(word);
  if (found === null) {
    return null;
  }
  const [, zone = '', port = usualPort] = found;
  return zone === '' && found[2] === undefined ? null : { zone: zone.toLowerCase().replace(/\.$/, ''), port };
}

/** The lines of a block with those of the snippets that it imports; imported files are not known. */
function expanded(
  body: readonly Line[],
  snippets: ReadonlyMap<string, readonly Line[]>,
  budget: { left: number },
  depth: number,
): Line[] {
  return body.flatMap((line) => {
    budget.left -= 1;
    if (line.words[0] !== 'import') {
      return budget.left < 0 ? [] : [line];
    }
    const snippet = depth === 0 || budget.left < 0 ? undefined : snippets.get(line.words[1] ?? '');
    return snippet === undefined ? [] : expanded(snippet, snippets, budget, depth - 1);
  });
}

/** Server blocks and snippets: keys may go on in the next line behind a comma; a text without braces is one block. */
function blocksOf(lines: readonly string[][]): Line[] {
  const blocks: Line[] = [];
  let keys: string[] = [];
  for (let at = 0; at < lines.length; at += 1) {
    const words = lines[at] ?? [];
    if (words[0] === 'import' && keys.length === 0) {
      continue; // files with blocks of their own
    }
    const opens = words.at(-1) === '{';
    const isOpen = (words.at(-1) ?? '').endsWith(',');
    const named = (opens ? words.slice(0, -1) : words).flatMap((word) => word.split(','));
    keys = keys.concat(named.filter((word) => word !== ''));
    if (opens) {
      const { body, next } = bodyOf(lines, at + 1);
      blocks.push({ words: keys, body });
      keys = [];
      at = next - 1;
    } else if (!isOpen) {
      const { body } = bodyOf(lines, at + 1);
      return blocks.length === 0 ? [{ words: keys, body }] : blocks;
    }
  }
  return blocks;
}

/** Directives until the brace that closes them; what is nested deeper belongs to its line. */
function bodyOf(lines: readonly string[][], start: number): { body: Line[]; next: number } {
  const open: { words: readonly string[]; body: Line[] }[] = [{ words: [], body: [] }];
  let at = start;
  for (; at < lines.length && open.length > 0; at += 1) {
    const words = lines[at] ?? [];
    const inner = open.at(-1);
    if (words[0] === '}') {
      open.pop();
      if (open.length === 0) {
        return { body: inner?.body ?? [], next: at + 1 };
      }
      continue;
    }
    const line = { words: words.at(-1) === '{' ? words.slice(0, -1) : words, body: [] };
    inner?.body.push(line);
    if (words.at(-1) === '{') {
      open.push(line);
    }
  }
  return { body: open[0]?.body ?? [], next: at };
}

/** Words by line: `#` begins a comment where a word could begin, quotes hold spaces and line breaks, `\"` a quote. */
function linesOf(text: string): string[][] {
  const lines: string[][] = [];
  const token = /(\n)|[^\S\n]+|#[^\n]*|"((?:\\.|[^"\\])*)"?|([^\s]+)/gs;
  let words: string[] = [];
  for (const [, isEnd, quoted, plain] of text
    .replaceAll('\r', '')
    .replace(/^\uFEFF/, '')
    .matchAll(token)) {
    if (isEnd !== undefined) {
      lines.push(words);
      words = [];
    } else if (quoted !== undefined) {
      words.push(quoted.replaceAll('\\"', '"'));
    } else if (plain !== undefined) {
      words.push(plain);
    }
  }
  return [...lines, words].filter((line) => line.length > 0);
}
