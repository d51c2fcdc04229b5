/** Where the command line begins. A connect's core starts beside the rest of it. */
import { startCoreEarly } from './core-start.ts';

await startCoreEarly(process.argv.slice(2));
await import('./program.ts');
