/** What TypeScript sees of tools.mjs: the part that has tests. */
export function modulesFit(folder: string): boolean;
