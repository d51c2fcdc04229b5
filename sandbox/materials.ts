import { BuildCache, CacheSurvey } from './build-cache.ts';
import { clusterPackages, laptopPackages, resolvedPackages, unpackPackages } from './debian-packages.ts';
import { buildGoBinaries, type GoBinaries } from './go-builds.ts';
import { assembleImages } from './images.ts';
import { flavourOf, type LaptopName } from './options.ts';
import { packetFilterFolder } from './packet-filter.ts';

/** Folders of the cache with everything that a sandbox is made of. */
export interface Materials {
  /** The cache that all of it is in. */
  cache: string;
  binaries: GoBinaries;
  packages: string;
  /** The folder with the iptables that a node can use, in its own tree. */
  packetFilter: string;
  laptopPackages: string;
  resolvedPackages?: string | undefined;
  images: string;
}

/** Builds, fetches and assembles what the cache does not have. Changes nothing but the cache. */
export async function prepareMaterials(
  cacheFolder: string,
  laptops: readonly LaptopName[],
  say: (text: string) => void,
): Promise<Materials> {
  const made = await provideAll(new BuildCache(cacheFolder), laptops, say);
  return { ...made, cache: cacheFolder, packetFilter: await packetFilterFolder(made.packages) };
}

/** Kinds of what `prepareMaterials` would have to make. Changes nothing. */
export async function missingMaterials(cacheFolder: string, laptops: readonly LaptopName[]): Promise<string[]> {
  const survey = new CacheSurvey(cacheFolder);
  await provideAll(survey, laptops, () => {});
  return survey.missing;
}

async function provideAll(
  cache: BuildCache,
  laptops: readonly LaptopName[],
  say: (text: string) => void,
): Promise<Omit<Materials, 'cache' | 'packetFilter'>> {
  // Packages come first: a machine without their source is told so before minutes of building.
  const packages = await unpackPackages(cache, clusterPackages, say);
  const laptop = await unpackPackages(cache, laptopPackages, say);
  const resolved = laptops.some((name) => flavourOf(name) === 'resolved')
    ? await unpackPackages(cache, resolvedPackages, say)
    : undefined;
  const binaries = await buildGoBinaries(cache, say);
  return {
    binaries,
    packages,
    laptopPackages: laptop,
    resolvedPackages: resolved,
    images: await assembleImages(cache, binaries, packages, say),
  };
}
