#!/usr/bin/env node
// The command `slipway`: runs the CLI under a Node that reads TypeScript. Plain JavaScript, because it may be started
// by an older one.
import { spawn } from 'node:child_process';
import { fileURLToPath } from 'node:url';
import { modernNode } from '../../../scripts/tools.mjs';
import { runProgram } from '../programs.mjs';

let node;
try {
  node = modernNode();
} catch (error) {
  process.stderr.write(`slipway: ${error.message}\n`);
  process.exit(6);
}
if (node === process.execPath) {
  await runProgram('cli');
} else {
  const child = spawn(node, [fileURLToPath(import.meta.url), ...process.argv.slice(2)], { stdio: 'inherit' });
  // The terminal sends Ctrl-C to both; the child decides what it means.
  process.on('SIGINT', () => {});
  process.on('SIGTERM', () => child.kill('SIGTERM'));
  child.on('close', (code, signal) => {
    process.exitCode = code ?? (signal === 'SIGINT' ? 130 : 143);
  });
}
