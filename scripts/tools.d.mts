/** What TypeScript sees of tools.mjs: the part that has tests. */
export function modulesFit(folder: string): boolean;
/** Builds the native programs where their sources changed; answers the build's identity. */
export function ensureNative(say: (text: string) => void): Promise<string>;
