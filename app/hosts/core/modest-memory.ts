/**
 * What keeps a core's memory modest, from the outside: V8 and the C library read these before a program's first line, so
 * whoever starts a core gives them. A core rests most of the time, and what was needed once stays resident then
 * (docs/performance.md).
 */

/** Arguments of Node. A young generation may have up to 48 MiB else. */
export const heapFlags: readonly string[] = ['--max-semi-space-size=2']; // MiB

/**
 * glibc's malloc keeps what was freed at the end of its heap, and the more of it the larger what was freed before; with this
 * (mallopt(3): its own first threshold, in bytes, which then stays) it goes back. Other C libraries know no such name.
 */
const variables = { MALLOC_TRIM_THRESHOLD_: '131072' };

/** What a user set counts for more. */
export function withModestMemory(environment: NodeJS.ProcessEnv): NodeJS.ProcessEnv {
  return { ...variables, ...environment };
}

/** They were for the core itself: what it starts, and is compared with, has its user's environment. */
export function dropModestMemory(environment: NodeJS.ProcessEnv): void {
  for (const [name, value] of Object.entries(variables)) {
    if (environment[name] === value) {
      delete environment[name];
    }
  }
}
