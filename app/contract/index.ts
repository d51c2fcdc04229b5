/** The contract: what a frontend may see and ask. It imports nothing of ours and knows no platform. */
export * from './activity.ts';
export * from './client.ts';
export * from './commands.ts';
export * from './context-parts.ts';
export * from './contexts.ts';
export * from './diagnostics.ts';
export * from './environment-effects.ts';
export * from './problem-catalogue.ts';
export * from './problems.ts';
export * from './result.ts';
export * from './selectors.ts';
export * from './services.ts';
export * from './settings.ts';
export * from './state.ts';
export * from './streams.ts';
export * from './transport.ts';
export * from './window-bridge.ts';
