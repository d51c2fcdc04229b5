/** What is odd in a kubeconfig that kubectl reads all the same: each a warning with its line. */
import { type Cause, cause, type Problem, problem } from '../../contract/index.ts';
import { type KubeconfigDocument, knownFields } from './schema.ts';
import { lineAt, type YamlFile, type YamlNode, type YamlRemark } from './yaml.ts';

export interface OddEntry {
  /** The entry it is in; null where it is about the file. */
  readonly list: 'clusters' | 'users' | 'contexts' | null;
  readonly name: string;
  readonly warning: Problem;
}

const lists = [
  { list: 'clusters', field: 'cluster' },
  { list: 'users', field: 'user' },
  { list: 'contexts', field: 'context' },
] as const;

/** Of each pair the second counts, as in client-go. */
const overridden = [
  ['certificate-authority', 'certificate-authority-data'],
  ['client-certificate', 'client-certificate-data'],
  ['client-key', 'client-key-data'],
  ['token', 'tokenFile'],
] as const;

export function oddEntriesOf(path: string, { root, remarks }: YamlFile, document: KubeconfigDocument): OddEntry[] {
  const found: OddEntry[] = [];
  const ranges: { list: OddEntry['list']; name: string; from: number }[] = [];
  const say = (list: OddEntry['list'], name: string, line: number, because: Cause) => {
    found.push({ list, name, warning: problem('kubeconfig-odd', because, { file: path, line: String(line) }) });
  };
  const sayUnknown = (node: YamlNode | undefined, known: readonly string[], list: OddEntry['list'], name: string) => {
    const entries = node?.kind === 'mapping' ? [...node.entries] : [];
    for (const [field, { line }] of entries.filter(([key]) => !known.includes(key))) {
      say(list, name, line, cause('kubeconfigUnknownField', { line, field: shown(field) }));
    }
  };
  sayUnknown(root, knownFields.document, null, '');
  for (const { list, field } of lists) {
    for (const [index, { name }] of document[list].entries()) {
      const node = at(root, list, index);
      const line = lineAt(root, [list, index]);
      const content = node === undefined ? undefined : at(node, field);
      ranges.push({ list, name, from: line });
      if (name === '') {
        say(list, name, line, cause('kubeconfigNoName', { line, list }));
      }
      if (content?.kind !== 'mapping') {
        say(list, name, line, cause('kubeconfigNoContent', { line, list, name: shown(name) }));
        continue;
      }
      sayUnknown(content, knownFields[field], list, name);
      sayUnknown(at(content, 'exec'), knownFields.exec, list, name);
      for (const [loser, winner] of overridden.filter((pair) => pair.every((key) => isGiven(content, key)))) {
        say(list, name, lineAt(content, [loser]), cause('kubeconfigBothGiven', { line, loser, winner }));
      }
    }
  }
  ranges.sort((one, other) => one.from - other.from);
  for (const remark of remarks) {
    const entry = ranges.findLast(({ from }) => from <= remark.line);
    const isInEntry = remark.kind === 'twice' && entry !== undefined;
    say(isInEntry ? entry.list : null, isInEntry ? entry.name : '', remark.line, remarkText(remark));
  }
  return found;
}

function remarkText({ kind, line, key }: YamlRemark): Cause {
  switch (kind) {
    case 'twice':
      return cause('kubeconfigKeyTwice', { line, key: shown(key) });
    case 'documents':
      return cause('kubeconfigMoreDocuments', { line });
    case 'utf16':
      return cause('kubeconfigUtf16');
  }
}

function at(node: YamlNode, ...path: (string | number)[]): YamlNode | undefined {
  let found: YamlNode | undefined = node;
  for (const key of path) {
    if (typeof key === 'number') {
      found = found?.kind === 'list' ? found.items[key] : undefined;
    } else {
      found = found?.kind === 'mapping' ? found.entries.get(key) : undefined;
    }
  }
  return found;
}

function isGiven(node: YamlNode, key: string): boolean {
  const value = at(node, key);
  return value?.kind === 'scalar' && value.value !== null && value.value !== '';
}

/** A key or name may be anything: a long one is no help in a sentence. */
function shown(text: string): string {
  return text.length > 60 ? `${text.slice(0, 60)}…` : text;
}
