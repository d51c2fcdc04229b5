/** What a source imports, in whatever form: what it runs, what it takes types from, and what it asks for later. */
import { readFileSync } from 'node:fs';
import { parseSync, Visitor } from 'rolldown/utils';

/** Specifiers in the order of the source; `name` tells the language by its ending. */
export function importsIn(name: string, source: string): string[] {
  const { program, errors } = parseSync(name, source);
  if (errors.length > 0) {
    throw new Error(`${name}: ${errors.map(({ message }) => message).join('; ')}`);
  }
  const found: string[] = [];
  const take = (from: { readonly type: string } | null | undefined) => {
    if (from?.type === 'Literal' && 'value' in from && typeof from.value === 'string') {
      found.push(from.value);
    }
  };
  new Visitor({
    ImportDeclaration: ({ source: from }) => take(from),
    ExportAllDeclaration: ({ source: from }) => take(from),
    ExportNamedDeclaration: ({ source: from }) => take(from),
    ImportExpression: ({ source: from }) => take(from),
    TSImportType: ({ source: from }) => take(from),
    TSExternalModuleReference: ({ expression }) => take(expression),
    CallExpression: ({ callee, arguments: [first] }) => {
      if (callee.type === 'Identifier' && callee.name === 'require') {
        take(first);
      }
    },
  }).visit(program);
  return found;
}

export function importsOf(file: string): string[] {
  return importsIn(file, readFileSync(file, 'utf8'));
}
