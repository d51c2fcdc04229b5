/**
 * The sandbox of the end-to-end tests: a name of its own, so that a developer's sandbox is left alone, and for each
 * test file that runs at the same time a laptop of each kind, so that files do not meet.
 */
import { type LaptopFlavour, type LaptopName, laptopName, type SandboxOptions } from '../../sandbox/options.ts';

/** Laptops of each kind. */
const laptops = 4;

/**
 * Test files that run side by side. Most of their time is waiting, so there may be more than processors. One is enough where
 * what they measure matters, as in the soak.
 */
export const workers = Number(process.env.SLIPWAY_TEST_WORKERS ?? laptops);

const places = Array.from({ length: laptops }, (_, index) => index + 1);

export const sandboxOptions: SandboxOptions = {
  name: process.env.SLIPWAY_TEST_SANDBOX ?? 'end-to-end',
  laptops: places.flatMap((place) => [laptopName('plain', place), laptopName('resolved', place)]),
  machineLink: false,
};

// Vitest numbers the places for processes from 1 to their greatest number and gives each to one file at a time. A second
// run by hand in the same sandbox, with one worker, says which place it has.
const number = Number(process.env.SLIPWAY_TEST_PLACE ?? process.env.VITEST_POOL_ID ?? '1');

/** The laptops that only the test file running in this process uses. */
export const ownLaptops: readonly LaptopName[] = [laptopName('plain', number), laptopName('resolved', number)];

/** The laptop of this kind that only the test file running in this process uses. */
export function ownLaptop(flavour: LaptopFlavour): LaptopName {
  return laptopName(flavour, number);
}
