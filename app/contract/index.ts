/** The contract: what a frontend may see and ask. It imports nothing of ours and knows no platform. */
export * from './commands.ts';
export * from './problem-catalogue.ts';
export * from './problems.ts';
export * from './result.ts';
export * from './state.ts';
export * from './transport.ts';
