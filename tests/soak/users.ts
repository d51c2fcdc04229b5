/** Many users of one agent, a hostile one among them: native/internal/agent/users_linux_test.go, more often than `go test` does it. */
import { goTest } from './go.ts';
import { FaultRecord } from './record.ts';

const record = new FaultRecord('users');
const said: string[] = [];
const code = await goTest(
  ['./internal/agent', '-run', '^TestUsersComeAndGoBesideAHostileOne$', '-v', '-count=1', '-timeout=2h'],
  (line) => {
    said.push(line);
    const ended = /after \{Sessions:\d+ Resident:(\d+) Heap:(\d+) Goroutines:(\d+)/.exec(line);
    if (ended !== null) {
      record.saw('agent at the end: heap, MiB', Number(ended[2]) / 2 ** 20);
      record.saw('goroutines', Number(ended[3]));
    }
  },
  { SLIPWAY_TEST_ROUNDS: String(record.rounds) },
);
record.did(record.rounds);
if (code !== 0) {
  record.failed(said.filter((line) => /_test\.go|panic|FAIL/.test(line)).join('; '));
  process.stderr.write(`${said.join('\n')}\n`);
}
record.keep();
process.exitCode = code;
