// Runs this user's core, or the fake one where `fake` is named. Node's own arguments are for whoever starts it.
import { runProgram } from '../programs.mjs';

await runProgram(process.argv[2] === 'fake' ? 'fake' : 'core');
