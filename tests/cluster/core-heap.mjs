// What the core of a laptop holds once its garbage is gone, by Node's own inspector (SIGUSR1, process.md), in that laptop:
//   node core-heap.mjs PROCESS [SNAPSHOT]
// Prints process.memoryUsage() as JSON; SNAPSHOT is a file for a heap snapshot, as Chromium's developer tools open it.
import { createWriteStream } from 'node:fs';
import { setTimeout as pause } from 'node:timers/promises';
import WebSocket from 'ws';

const [id, snapshot] = process.argv.slice(2);
process.kill(Number(id), 'SIGUSR1');

async function address() {
  for (let attempt = 1; ; attempt++) {
    try {
      const [target] = await (await fetch('http://127.0.0.1:9229/json/list')).json();
      return target.webSocketDebuggerUrl;
    } catch (error) {
      if (attempt === 100) {
        throw error;
      }
      await pause(50);
    }
  }
}

const socket = new WebSocket(await address(), { perMessageDeflate: false, maxPayload: 0 });
const waiting = new Map();
const file = snapshot === undefined ? undefined : createWriteStream(snapshot);
socket.on('message', (data) => {
  const { id: number, result, method, params } = JSON.parse(String(data));
  waiting.get(number)?.(result);
  if (method === 'HeapProfiler.addHeapSnapshotChunk') {
    file?.write(params.chunk);
  }
});
await new Promise((resolve) => socket.once('open', resolve));
let count = 0;
const call = (method, params = {}) =>
  new Promise((resolve) => {
    count += 1;
    waiting.set(count, resolve);
    socket.send(JSON.stringify({ id: count, method, params }));
  });

await call('HeapProfiler.enable');
await call('HeapProfiler.collectGarbage');
await call('HeapProfiler.collectGarbage'); // what finalizers let go
const { result } = await call('Runtime.evaluate', { expression: 'JSON.stringify(process.memoryUsage())' });
process.stdout.write(`${result.value}\n`);
if (file !== undefined) {
  await call('HeapProfiler.takeHeapSnapshot');
  await new Promise((resolve) => file.end(resolve));
}
await call('HeapProfiler.disable');
socket.close();
