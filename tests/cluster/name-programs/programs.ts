/** Programs that look names up, each with a resolver of its own kind, built once and kept with the sandbox's. */
import { accessSync, constants } from 'node:fs';
import { readFile } from 'node:fs/promises';
import { delimiter, join } from 'node:path';
import { BuildCache, keyOf } from '../../../sandbox/build-cache.ts';
import { output } from '../../../sandbox/commands.ts';
import { unpackPackages } from '../../../sandbox/debian-packages.ts';
import { cacheFolder } from '../../../sandbox/options.ts';
import type { Flavour } from '../scene.ts';

export type Kind = 'A' | 'SRV' | 'PTR' | 'CNAME';

export interface NameProgram {
  readonly title: string;
  readonly kinds: readonly Kind[];
  /** What it needs of the machine beyond what all tests need. */
  readonly needs: readonly string[];
  readonly flavours: readonly Flavour[];
  /** Reads `KIND NAME` lines, prints `KIND\tNAME\tFOUND,…`; `folder` is where the built ones are. */
  command(folder: string): readonly string[];
  readonly environment?: Readonly<Record<string, string>>;
}

const source = (name: string) => join(import.meta.dirname, name);
const both: readonly Flavour[] = ['plain', 'resolved'];
const all: readonly Kind[] = ['A', 'SRV', 'PTR', 'CNAME'];

/** One `getent` or `curl` for each name; what they say in words ends with their first column. */
const eachAddress = (ask: string) => [
  'sh',
  '-c',
  `while read -r kind name; do printf '%s\\t%s\\t' "$kind" "$name"; ${ask} | tr '\\n' ','; echo; done`,
];
const getent = (words: string) => eachAddress(`getent ${words} ahostsv4 "$name" | cut -d' ' -f1`);

export const namePrograms: readonly NameProgram[] = [
  { title: 'getent, as nsswitch.conf says', kinds: ['A'], needs: [], flavours: both, command: () => getent('') },
  { title: 'getent, nss-dns', kinds: ['A'], needs: [], flavours: ['resolved'], command: () => getent('-s dns') },
  {
    title: "Node's lookup, in one process",
    kinds: ['A', 'PTR'],
    needs: [],
    flavours: both,
    command: () => [process.execPath, source('ask.mjs'), 'lookup'],
  },
  {
    title: "Node's resolve, c-ares",
    kinds: all,
    needs: [],
    flavours: both,
    command: () => [process.execPath, source('ask.mjs'), 'resolve'],
  },
  {
    title: 'Go without the C library',
    kinds: ['A', 'SRV', 'PTR'],
    needs: [],
    flavours: both,
    command: (folder) => [join(folder, 'ask-go')],
  },
  {
    title: 'Go with the C library',
    kinds: ['A', 'SRV', 'PTR'],
    needs: ['gcc'],
    flavours: both,
    command: (folder) => [join(folder, 'ask-cgo')],
    environment: { GODEBUG: 'netdns=cgo' },
  },
  {
    title: 'musl',
    kinds: ['A', 'PTR'],
    needs: ['gcc'],
    flavours: both,
    command: (folder) => [join(folder, 'ask-musl')],
  },
  {
    title: 'Java',
    kinds: ['A'],
    needs: ['java', 'javac'],
    flavours: both,
    command: (folder) => ['java', '-XX:TieredStopAtLevel=1', '-cp', folder, 'Ask'],
  },
  {
    title: 'dig',
    kinds: all,
    needs: [],
    flavours: both,
    command: () =>
      eachAddress(
        `set -- "$kind" "$name"; [ "$kind" = PTR ] && set -- -x "$name"; dig +search +short +time=3 +tries=2 "$@" | grep -E "$([ "$kind" = A ] && echo '^[0-9.]+$' || echo .)"`,
      ),
  },
];

export const isOnMachine = (program: string) =>
  (process.env.PATH ?? '').split(delimiter).some((folder) => {
    try {
      accessSync(join(folder, program), constants.X_OK);
      return true;
    } catch {
      return false;
    }
  });

/** Builds those whose compilers the machine has. Answers their folder. */
export async function buildNamePrograms(): Promise<string> {
  const cache = new BuildCache(cacheFolder());
  const [hasC, hasJava] = [isOnMachine('gcc'), isOnMachine('javac')];
  const sources = await Promise.all(['ask.go', 'ask.c', 'Ask.java'].map((name) => readFile(source(name))));
  const key = keyOf(await readFile(import.meta.filename), process.arch, `${hasC} ${hasJava}`, ...sources);
  return cache.provide('name-programs', key, async (folder) => {
    const go = (name: string, cgo: string) =>
      output(['go', 'build', '-trimpath', '-o', join(folder, name), source('ask.go')], {
        environment: { ...process.env, CGO_ENABLED: cgo, GOWORK: 'off', GOFLAGS: '-buildvcs=false' },
      });
    await go('ask-go', '0');
    if (hasC) {
      await go('ask-cgo', '1');
      await buildMusl(cache, join(folder, 'ask-musl'));
    }
    if (hasJava) {
      await output(['javac', '-d', folder, source('Ask.java')]);
    }
  });
}

/** What musl-gcc does: the machine's compiler, with musl's headers and library in place of its own. */
async function buildMusl(cache: BuildCache, file: string): Promise<void> {
  const set = { name: 'packages-musl', packages: ['musl', 'musl-dev'], tools: {} };
  const root = join(await unpackPackages(cache, set, () => {}), 'root/usr');
  const triple = `${process.arch === 'arm64' ? 'aarch64' : 'x86_64'}-linux-musl`;
  const [headers, library] = [join(root, 'include', triple), join(root, 'lib', triple)];
  const part = (name: string) => join(library, name);
  const flags = ['-O1', '-static', '-no-pie', '-fno-pie', '-nostdinc', '-nostdlib', '-isystem', headers];
  const libraries = [`-L${library}`, '-Wl,--start-group', '-lc', '-lgcc', '-Wl,--end-group'];
  await output([
    'gcc',
    ...flags,
    '-o',
    file,
    part('crt1.o'),
    part('crti.o'),
    source('ask.c'),
    ...libraries,
    part('crtn.o'),
  ]);
}
