/**
 * Arguments of the Node that runs a core. A core rests most of the time, and a young generation of up to 48 MiB stays resident
 * then (docs/performance.md). V8 reads this one before the first line of a program, so whoever starts a core gives it.
 */
export const heapFlags: readonly string[] = ['--max-semi-space-size=2']; // MiB
