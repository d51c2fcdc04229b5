// `npm test`: every check, and a last line that counts them all. Quick ones run two at a time, each with its output in one
// piece when it ends. Then the end-to-end tests, which mostly wait, and beside them, where the processors have nothing else
// to do, the window's. A tier that this machine cannot run is skipped loudly; in CI (CI=true) nothing may be skipped.
import { spawn } from 'node:child_process';
import { existsSync, mkdirSync, readFileSync, rmSync } from 'node:fs';
import { join } from 'node:path';
import { createInterface } from 'node:readline';
import {
  browserPackages,
  computerPackages,
  desktopPackages,
  ensureDebianPackages,
  packagingPackages,
} from './debian.mjs';
import { ensureModules, ensureNative, ensureWindow, projectEnvironment, root } from './tools.mjs';

const only = process.argv.slice(2);
const inContinuousIntegration = process.env.CI === 'true';
const total = { passed: 0, failed: 0, skipped: 0 };
const say = (text) => process.stdout.write(`\n── ${text}\n`);

/** How many checks run at a time. */
const sideBySide = 2;

function count(name, outcome) {
  for (const key of Object.keys(total)) {
    total[key] += outcome[key] ?? 0;
  }
  process.stdout.write(
    `   ${name}: ${outcome.passed ?? 0} passed, ${outcome.failed ?? 0} failed, ${outcome.skipped ?? 0} skipped\n`,
  );
}

/** Runs a program to its end; `write` hears what it says. Answers its exit code. */
function runInto(write, command, args, options = {}) {
  return new Promise((resolve) => {
    const child = spawn(command, args, {
      cwd: root,
      env: projectEnvironment(),
      stdio: ['ignore', 'pipe', 'pipe'],
      ...options,
    });
    child.stdout.on('data', write);
    child.stderr.on('data', write);
    child.on('error', (error) => {
      write(`${command}: ${error.message}\n`);
      resolve(127);
    });
    child.on('close', (code) => resolve(code ?? 1));
  });
}

/** A check that is one command: passed when it exits 0. */
function check(name, command, args, options) {
  return {
    name,
    async perform(write) {
      const code = await runInto(write, command, args, options);
      return code === 0 ? { passed: 1 } : { failed: 1 };
    },
  };
}

/** Go tests, counted one by one from their event stream; the output of failures is shown. */
function goTests(name, folder, args) {
  return {
    name,
    perform: (write) =>
      new Promise((resolve) => {
        const outcome = { passed: 0, failed: 0, skipped: 0 };
        const output = new Map();
        const child = spawn('go', ['test', '-json', ...args, './...'], {
          cwd: join(root, folder),
          env: projectEnvironment(),
          stdio: ['ignore', 'pipe', 'pipe'],
        });
        child.stderr.on('data', write);
        createInterface({ input: child.stdout }).on('line', (line) => {
          let event;
          try {
            event = JSON.parse(line);
          } catch {
            write(`${line}\n`);
            return;
          }
          const key = `${event.Package ?? event.ImportPath}/${event.Test ?? ''}`;
          if (event.Action === 'output' || event.Action === 'build-output') {
            output.set(key, `${output.get(key) ?? ''}${event.Output}`);
          } else if (event.Action === 'pass' || event.Action === 'skip') {
            if (event.Test) {
              outcome[event.Action === 'pass' ? 'passed' : 'skipped'] += 1;
              if (event.Action === 'skip') {
                write(`skipped ${key}\n${output.get(key) ?? ''}`);
              }
            }
            output.delete(key);
          } else if (event.Action === 'fail' || event.Action === 'build-fail') {
            outcome.failed += 1;
            write(`FAILED ${key}\n${output.get(key) ?? ''}`);
          }
        });
        child.on('close', (code) => {
          if (code !== 0 && outcome.failed === 0) {
            outcome.failed = 1;
          }
          resolve(outcome);
        });
      }),
  };
}

/** Vitest projects by name or pattern, counted from the JSON report; `before` are words before its command. */
function vitest(name, project, before = []) {
  return {
    name,
    async perform(write) {
      const report = join(root, 'out', `vitest-${project.replace('*', '')}.json`);
      mkdirSync(join(root, 'out'), { recursive: true });
      rmSync(report, { force: true });
      const [program, ...words] = [
        ...before,
        'node',
        join(root, 'node_modules/vitest/vitest.mjs'),
        'run',
        '--project',
        project,
        '--reporter=default',
        '--reporter=json',
        `--outputFile.json=${report}`,
      ];
      const code = await runInto(write, program, words);
      if (!existsSync(report)) {
        return { failed: 1 };
      }
      const result = JSON.parse(readFileSync(report, 'utf8'));
      const outcome = {
        passed: result.numPassedTests,
        failed: result.numFailedTests,
        skipped: result.numPendingTests + (result.numTodoTests ?? 0),
      };
      if (code !== 0 && outcome.failed === 0) {
        outcome.failed = 1; // a file that did not load, or an unhandled error
      }
      return outcome;
    },
  };
}

/** A check that this machine cannot run. */
function skipped(name, why) {
  const perform = async () => {
    say(`SKIPPED: ${name}: ${why}`);
    return { skipped: 1 };
  };
  return { name, perform };
}

/** Why the end-to-end tier cannot run here; empty where it can. */
function whyNoCluster() {
  if (process.platform !== 'linux') {
    return 'the sandbox needs Linux';
  }
  if (process.getuid?.() !== 0) {
    return 'the sandbox needs root';
  }
  if (!existsSync('/dev/net/tun')) {
    return 'the sandbox needs /dev/net/tun';
  }
  return '';
}

const isLinuxOnX64 = process.platform === 'linux' && process.arch === 'x64';
const native = { cwd: join(root, 'native') };
const programs = { cwd: join(root, 'sandbox/programs') };
/** Before a command that takes only what others leave of the processors. */
const behind = process.platform === 'win32' ? [] : ['nice', '-n', '10'];
const archiveReader = { cwd: join(root, 'sandbox/debian') };
const staticcheck = ['run', 'honnef.co/go/tools/cmd/staticcheck@v0.8.2', './...'];
const tiers = [
  ['unit', () => [vitest('unit tests', 'unit')]], // first: it takes longest
  ['lint', () => [check('lint and format', 'npx', ['biome', 'check', '--error-on-warnings', '.'])]],
  ['types', () => [check('types', 'npx', ['tsc', '--build'])]],
  [
    'native',
    () => [
      check('gofmt', 'sh', ['-c', 'found="$(gofmt -l .)"; printf "%s" "$found"; test -z "$found"'], native),
      check('go vet', 'go', ['vet', './...'], native),
      check('go vet (sandbox)', 'go', ['vet', './...'], programs),
      check('go vet (Debian’s archive)', 'go', ['vet', './...'], archiveReader),
      check('staticcheck', 'go', staticcheck, native),
      check(
        'other systems compile',
        'sh',
        [
          '-c',
          'for system in darwin windows; do GOOS=$system go vet ./cmd/slipway-helper ./cmd/slipway-engine ./internal/hostnet/... || exit 1; done',
        ],
        native,
      ),
      goTests('go tests', 'native', ['-timeout', '10m']),
      goTests('go tests (sandbox)', 'sandbox/programs', []),
      goTests('go tests (Debian’s archive)', 'sandbox/debian', []),
    ],
  ],
  [
    'gui',
    () => {
      const why = process.env.SLIPWAY_TEST_BROWSER ? '' : ensureDebianPackages(say, browserPackages);
      return [why === '' ? vitest('window tests', 'gui', behind) : skipped('window tests', why)];
    },
  ],
  [
    'electron',
    () => {
      const why = isLinuxOnX64
        ? ensureDebianPackages(say, desktopPackages)
        : 'the Electron of the tests is for Linux on x64 alone';
      return [why === '' ? vitest('desktop tests', 'electron', behind) : skipped('desktop tests', why)];
    },
  ],
  [
    'packages',
    () => {
      const why = isLinuxOnX64
        ? ensureDebianPackages(say, packagingPackages)
        : 'tests build packages for Linux on x64 alone';
      return [why === '' ? vitest('packages', 'packages') : skipped('packages', why)];
    },
  ],
  [
    'cluster',
    () => {
      const why = whyNoCluster();
      if (why === '') {
        // Some drive the window, one boots a computer: without what these need, they alone are skipped.
        ensureDebianPackages(say, process.env.SLIPWAY_TEST_BROWSER ? [] : browserPackages);
        ensureDebianPackages(say, computerPackages);
      }
      return [why === '' ? vitest('end-to-end tests', 'cluster*') : skipped('end-to-end tests', why)];
    },
  ],
];

/** Performs one check. Its output goes to the terminal as it comes, or in one piece with its result. */
async function perform(item, live) {
  const said = [];
  const started = Date.now();
  if (live) {
    say(item.name);
  }
  const outcome = await item.perform(live ? (chunk) => process.stdout.write(chunk) : (chunk) => said.push(chunk));
  if (!live) {
    say(item.name);
    for (const chunk of said) {
      process.stdout.write(chunk);
    }
  }
  count(`${item.name} (${Math.round((Date.now() - started) / 1000)} s)`, outcome);
}

/** Performs checks, so many at a time, in the order of the list. */
async function performAll(items, atATime, live = false) {
  const waiting = [...items];
  const take = async () => {
    for (let item = waiting.shift(); item !== undefined; item = waiting.shift()) {
      await perform(item, live);
    }
  };
  await Promise.all(Array.from({ length: atATime }, take));
}

await ensureModules(say);
await ensureNative(say);
const asked = tiers.filter(([tier]) => only.length === 0 || only.includes(tier));
const checksOf = (isWanted) => asked.filter(([tier]) => isWanted(tier)).flatMap(([, checks]) => checks());
/** These use all processors themselves. */
const ofWindow = ['gui', 'electron'];
const quick = checksOf((tier) => tier !== 'cluster' && !ofWindow.includes(tier));
await performAll(quick, sideBySide, quick.length === 1);
const window = checksOf((tier) => ofWindow.includes(tier));
const cluster = checksOf((tier) => tier === 'cluster');
if (window.length > 0 && cluster.length > 0) {
  await ensureWindow(say); // once, before both use it
}
await Promise.all([performAll(cluster, 1, true), performAll(window, 1, cluster.length === 0)]);
if (inContinuousIntegration && total.skipped > 0) {
  process.stdout.write('\nIn CI nothing may be skipped.\n');
  process.exitCode = 1;
}
if (total.failed > 0 || total.passed === 0) {
  process.exitCode = 1;
}
process.stdout.write(`\n${total.passed} passed, ${total.failed} failed, ${total.skipped} skipped\n`);
