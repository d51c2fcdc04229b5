/** What the sandbox takes of a machine, told before it takes it. */

/** Megabytes of each kind in the cache, by du(1) on amd64. */
const cached: Readonly<Record<string, number>> = {
  'packages-cluster': 184,
  'packages-laptop': 72,
  'packages-resolved': 34,
  programs: 38,
  coredns: 53,
  etcd: 26,
  kubernetes: 129,
  images: 70,
};

/** Kinds that Go compiles; with empty caches of its own it keeps 3.7 GB of objects and 0.7 GB of sources for all of them. */
const compiled = ['programs', 'coredns', 'etcd', 'kubernetes'];
const goCaches = 4400;

/** Bytes that a first build needs, on the disk of the cache where Go's caches are on it too, as they usually are. */
export const neededSpace = 5 * 1000 ** 3;

/** One sentence for each thing that is worth knowing before it begins. `missing` are kinds that have to be made. */
export function footprintTexts(missing: readonly string[], cache: string): string[] {
  const memory = `while it runs it takes about 1 GB of memory; what it writes goes with \`sandbox down\``;
  if (missing.length === 0) return [memory];
  const megabytes = missing.reduce((sum, kind) => sum + (cached[kind] ?? 0), 0);
  const isCompiling = missing.some((kind) => compiled.includes(kind));
  const size = megabytes < 1000 ? `${megabytes} MB` : `${(megabytes / 1000).toFixed(1)} GB`;
  return [
    `to be made first: ${missing.join(', ')}`,
    `they take ${size} in ${cache}${isCompiling ? `, and up to ${(goCaches / 1000).toFixed(1)} GB in Go’s own caches (\`go clean -cache\` frees them)` : ''}`,
    ...(missing.includes('kubernetes')
      ? ['compiling all of it takes some ten minutes on two processors; it is done once']
      : []),
    memory,
  ];
}
