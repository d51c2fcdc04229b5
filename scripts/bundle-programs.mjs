// Core, fake core and command line as bundles: for a clone beside its sources (app/hosts/programs.mjs), for a package by
// build-desktop.mjs.
import { createHash } from 'node:crypto';
import { mkdirSync, readdirSync, readFileSync, renameSync, rmSync, statSync, writeFileSync } from 'node:fs';
import { dirname, join, relative, sep } from 'node:path';
import { pathToFileURL } from 'node:url';
import { stateOf } from '../app/hosts/source-state.mjs';

/** A process may still load parts of bundles that were replaced meanwhile. Milliseconds. */
const keptFor = 60 * 60_000;

/** One character beyond Latin-1 makes V8 keep the whole source with two bytes for each: 3 MB of the core's. */
function narrowed(code) {
  return code.replace(/[\u0080-\uffff]/g, (unit) => `\\u${unit.charCodeAt(0).toString(16).padStart(4, '0')}`);
}

/**
 * What client-node's informer leads to and ours never runs (app/adapters/cluster/informer.ts): the serializer of selectors, with a
 * class for each kind of object, and the usual watch, with undici. Two of the core's four megabytes.
 */
const informerAlone = {
  name: 'informer-alone',
  load: {
    filter: { id: /[\\/]@kubernetes[\\/]client-node[\\/]dist[\\/](serializer|watch)\.js$/ },
    handler: () => 'export class Watch {}\nexport const ObjectSerializer = {};',
  },
};

/**
 * Node's http by `require`: an `import` of it reads each of its exports, and three of them load all of undici for the global
 * WebSocket (10 MiB, and a fifth of a start). The rest of Node's modules is imported.
 */
const httpWithoutUndici = {
  name: 'http-without-undici',
  resolveId: {
    filter: { id: /^(node:)?http$/ },
    handler: () => '\0http-without-undici',
  },
  load: {
    filter: { id: /^\0http-without-undici$/ },
    handler: () => ({ code: "module.exports = process.getBuiltinModule('node:http');", moduleType: 'js' }),
  },
};

/** Bundles one program into one file, or with parts that are loaded when they are needed. */
export async function bundleProgram(input, output, options = {}) {
  const { rolldown } = await import('rolldown');
  const built = await rolldown({
    input,
    platform: 'node',
    logLevel: 'warn',
    transform: { target: 'node22' },
    ...options,
    plugins: [informerAlone, httpWithoutUndici, ...(options.plugins ?? [])],
  });
  try {
    const { output: parts } = await built.write({ format: 'esm', ...output });
    for (const { fileName, code } of parts) {
      writeFileSync(join(output.dir ?? dirname(output.file), fileName), narrowed(code));
    }
  } finally {
    await built.close();
  }
}

/**
 * Answers the folder below `folder` with bundles of the sources as they are now. Bundles appear whole, under a name that is
 * the digest of what they are made of: starts side by side may both build, and neither meets half of the other's work.
 */
export async function renewBundles(root, folder, programs) {
  const known = digestOfKnown(root, folder);
  if (known !== null) {
    return known;
  }
  mkdirSync(folder, { recursive: true, mode: 0o755 }); // whatever the umask: others may read, none may write
  const draft = join(folder, `draft-${process.pid}`);
  rmSync(draft, { recursive: true, force: true });
  try {
    const sources = recorder(root);
    await Promise.all(
      Object.entries(programs).map(([name, file]) =>
        bundleProgram(
          { [name]: join(root, file) },
          // The core runs for days and must not miss a part that a newer bundle replaced.
          {
            dir: draft,
            entryFileNames: '[name].mjs',
            chunkFileNames: `${name}-[name]-[hash].mjs`,
            codeSplitting: name === 'cli',
          },
          { plugins: [sources.plugin] },
        ),
      ),
    );
    return publish(root, folder, draft, sources.seen());
  } finally {
    rmSync(draft, { recursive: true, force: true });
  }
}

/** Files that say which libraries are in a bundle. They are not looked at one by one: npm writes both. */
const lockFiles = ['package-lock.json', 'node_modules/.package-lock.json'];
const builders = ['scripts/bundle-programs.mjs', 'app/hosts/programs.mjs'];

/**
 * Reads our sources and remembers how they were just before. What they say of their own place stays true: bundles lie
 * elsewhere. The sandbox stays outside and runs from its sources.
 */
function recorder(root) {
  const sources = new Map();
  const look = (file) => {
    const path = relative(root, file);
    const state = stateOf(file);
    const text = readFileSync(file, 'utf8');
    sources.set(path, { path, state, text });
    return text;
  };
  for (const path of [...builders, ...lockFiles]) {
    look(join(root, path));
  }
  const plugin = {
    name: 'sources-of-the-clone',
    resolveId: {
      filter: { id: /\/sandbox\/(sandbox|problems)\.ts$/ },
      handler: (id) => ({ id: pathToFileURL(join(root, id.replace(/^.*\/(?=sandbox\/)/, ''))).href, external: true }),
    },
    load: {
      filter: { id: /\.ts$/ },
      handler: (id) => {
        if (!id.startsWith(root + sep) || id.includes(`${sep}node_modules${sep}`)) {
          return null;
        }
        const ofItsPlace = {
          dirname: join(id, '..'),
          filename: id,
          url: pathToFileURL(id).href,
        };
        const code = look(id).replace(/\bimport\.meta\.(dirname|filename|url)\b/g, (_, key) =>
          JSON.stringify(ofItsPlace[key]),
        );
        return { code, moduleType: 'ts' };
      },
    },
  };
  return { plugin, seen: () => [...sources.values()].sort((one, other) => (one.path < other.path ? -1 : 1)) };
}

function digestOf(root, sources) {
  const hash = createHash('sha256').update(root);
  for (const { path, text } of sources) {
    hash.update('\0').update(path).update('\0').update(text);
  }
  return hash.digest('hex').slice(0, 32);
}

/** Sources whose times changed and whose text did not, as after a look at another branch: what was built still fits. */
function digestOfKnown(root, folder) {
  try {
    const before = JSON.parse(readFileSync(join(folder, 'current.json'), 'utf8'));
    const sources = before.sources.map(({ path }) => {
      const file = join(root, path);
      return { path, state: stateOf(file), text: readFileSync(file, 'utf8') };
    });
    const name = digestOf(root, sources);
    statSync(join(folder, name));
    return name === before.name ? record(root, folder, name, sources) : null;
  } catch {
    return null;
  }
}

function publish(root, folder, draft, sources) {
  const name = digestOf(root, sources);
  const place = join(folder, name);
  try {
    renameSync(draft, place);
  } catch {
    statSync(join(place)); // another start was first, with the same
  }
  record(root, folder, name, sources);
  removeOld(folder, name);
  return place;
}

function record(root, folder, name, sources) {
  const draft = join(folder, `current-${process.pid}.json`);
  writeFileSync(draft, JSON.stringify({ root, name, sources: sources.map(({ path, state }) => ({ path, state })) }));
  renameSync(draft, join(folder, 'current.json'));
  return join(folder, name);
}

function removeOld(folder, current) {
  for (const entry of readdirSync(folder)) {
    const path = join(folder, entry);
    try {
      if (entry !== current && entry !== 'current.json' && statSync(path).mtimeMs < Date.now() - keptFor) {
        rmSync(path, { recursive: true, force: true });
      }
    } catch {
      // somebody else's, or removed meanwhile
    }
  }
}
