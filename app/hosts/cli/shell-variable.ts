/** Set in a network that `slipway shell` made, to its context where one was named, else to `on`: for prompts, too. */
export const shellVariable = 'SLIPWAY_SHELL';

export const isInShell = () => process.env[shellVariable] !== undefined;
