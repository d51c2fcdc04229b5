/** Runs `go test` of the native module and hears its lines, for faults whose rounds are in Go. */
import { spawn } from 'node:child_process';
import { dirname, join } from 'node:path';

const native = join(dirname(dirname(import.meta.dirname)), 'native');

/** Answers the exit code. */
export function goTest(
  words: readonly string[],
  heard: (line: string) => void,
  environment: Readonly<Record<string, string>> = {},
): Promise<number> {
  return new Promise((resolve, reject) => {
    const child = spawn('go', ['test', ...words], {
      cwd: native,
      env: { ...process.env, ...environment },
      stdio: ['ignore', 'pipe', 'pipe'],
    });
    let rest = '';
    const take = (chunk: Buffer) => {
      const lines = (rest + chunk.toString('utf8')).split('\n');
      rest = lines.pop() ?? '';
      lines.forEach(heard);
    };
    child.stdout.on('data', take);
    child.stderr.on('data', take);
    child.once('error', reject);
    child.once('close', (code) => {
      heard(rest);
      resolve(code ?? 1);
    });
  });
}
