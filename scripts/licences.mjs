// The licences of what the packages carry: npm packages that bundles are made of, and Go modules of the native programs.
import { spawnSync } from 'node:child_process';
import { existsSync, readdirSync, readFileSync } from 'node:fs';
import { dirname, join } from 'node:path';
import { root } from './tools.mjs';

const licenceFile = /^(licen[cs]e|copying|notice)([.-].*)?$/i;

function textsIn(folder) {
  const files = readdirSync(folder).filter((name) => licenceFile.test(name));
  return files.map((name) => readFileSync(join(folder, name), 'utf8').trim());
}

/** Where Node would find a package that another one asks for. */
function folderOf(name, from) {
  for (let folder = from; ; folder = dirname(folder)) {
    const candidate = join(folder, 'node_modules', name);
    if (existsSync(join(candidate, 'package.json'))) {
      return candidate;
    }
    if (folder === dirname(folder)) {
      return null; // optional for another system
    }
  }
}

function npmPackages() {
  const found = new Map();
  const visit = (from) => {
    const { dependencies = {} } = JSON.parse(readFileSync(join(from, 'package.json'), 'utf8'));
    for (const name of Object.keys(dependencies)) {
      const folder = folderOf(name, from);
      if (folder !== null && !found.has(folder)) {
        const { version, license = 'unknown' } = JSON.parse(readFileSync(join(folder, 'package.json'), 'utf8'));
        found.set(folder, { title: `${name} ${version} (${license})`, texts: textsIn(folder) });
        visit(folder);
      }
    }
  };
  visit(root);
  return [...found.values()];
}

function goModules() {
  const format = '{{with .Module}}{{if .Version}}{{.Path}} {{.Version}}|{{.Dir}}{{end}}{{end}}';
  const listed = spawnSync('go', ['list', '-deps', '-f', format, './cmd/...'], {
    cwd: join(root, 'native'),
    encoding: 'utf8',
  });
  if (listed.status !== 0) {
    throw new Error(`go list: ${listed.stderr}`);
  }
  return [...new Set(listed.stdout.split('\n').filter((line) => line !== ''))].sort().map((line) => {
    const [title = '', folder = ''] = line.split('|');
    return { title, texts: textsIn(folder) };
  });
}

/** One text with all of them. A package without a licence file is told by its declared licence. */
export function licences() {
  return [...npmPackages().sort((left, right) => (left.title < right.title ? -1 : 1)), ...goModules()]
    .map(({ title, texts }) => `${'='.repeat(80)}\n${title}\n${'='.repeat(80)}\n\n${texts.join('\n\n')}\n`)
    .join('\n');
}
