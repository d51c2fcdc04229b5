// Keeps what stripping the types leaves, so that a start does not strip again: Node 22 remembers neither that nor the
// machine code unless asked to, and its stripper alone takes 140 ms and 35 MB of every process of ours. An entry's name
// is the digest of the source that it was made from, so a changed source never meets an old entry. Plain JavaScript,
// because it is loaded before anything that needs it.
import { createHash } from 'node:crypto';
import { mkdirSync, readFileSync, renameSync, writeFileSync } from 'node:fs';
import module from 'node:module';
import { dirname, join } from 'node:path';
import { fileURLToPath, pathToFileURL } from 'node:url';

const root = join(import.meta.dirname, '..', '..');

/** Inside node_modules: as trustworthy as the sources, out of every listing, and gone with the next `npm ci`. */
const kept = join(root, 'node_modules', '.cache', 'slipway', process.version);
const ours = pathToFileURL(root).href;

function readKept(file) {
  try {
    return readFileSync(file, 'utf8');
  } catch {
    return null;
  }
}

function keep(file, text) {
  try {
    mkdirSync(dirname(file), { recursive: true });
    const draft = `${file}.${process.pid}`;
    writeFileSync(draft, text);
    renameSync(draft, file); // whole or not there
  } catch {
    // A folder that only somebody else may write: the next start strips again.
  }
}

/** The same positions as the source: types become spaces. */
function strip(source) {
  const { emitWarning } = process;
  process.emitWarning = () => {}; // that the function, not what it does, is experimental
  try {
    return module.stripTypeScriptTypes(source);
  } finally {
    process.emitWarning = emitWarning;
  }
}

module.enableCompileCache(join(kept, 'compiled'));
module.registerHooks({
  load(url, context, next) {
    if (!url.startsWith(`${ours}/`) || !url.endsWith('.ts') || url.includes('/node_modules/')) {
      return next(url, context);
    }
    const source = readFileSync(fileURLToPath(url), 'utf8');
    const file = join(kept, 'stripped', `${createHash('sha256').update(source).digest('hex')}.js`);
    let text = readKept(file);
    if (text === null) {
      text = strip(source);
      keep(file, text);
    }
    return { format: 'module', source: text, shortCircuit: true };
  },
});
