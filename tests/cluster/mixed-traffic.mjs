// What programs on a laptop do all day, in small: requests on new connections and on one that is kept, a download with its
// checksum, names of the cluster and of outside, UDP.
//   node mixed-traffic.mjs HTTP-HOST BLOB-HOST UDP-HOST:PORT OUTSIDE-NAME
// For each line of standard input it prints how much of each was well, and what was not, with its time. After a line "rest" it
// begins nothing until the next line, and prints when nothing is under way. Ends when standard input ends.
import { createHash } from 'node:crypto';
import dgram from 'node:dgram';
import dns from 'node:dns/promises';
import { once } from 'node:events';
import http from 'node:http';
import { createInterface } from 'node:readline';
import { setTimeout as pause } from 'node:timers/promises';

const [web, blob, datagrams, outside] = process.argv.slice(2);
const deadline = 10_000;
const told = { done: {}, wrong: [] };
let rests = false;
let underWay = 0;
const kept = new http.Agent({ keepAlive: true, maxSockets: 1 });

function get(options) {
  return new Promise((resolve, reject) => {
    const began = performance.now();
    const request = http.get({ timeout: deadline, ...options }, (response) => {
      const hash = createHash('sha256');
      response.on('data', (bytes) => hash.update(bytes));
      response.on('end', () => resolve({ response, sum: hash.digest('hex') }));
      response.on('error', reject);
    });
    request.on('timeout', () => request.destroy(new Error(`silent for ${Math.round(performance.now() - began)} ms`)));
    request.on('error', reject);
  });
}

async function request(agent) {
  const { response } = await get({ host: web, path: '/', agent });
  if (response.statusCode !== 200) {
    throw new Error(`status ${response.statusCode}`);
  }
}

async function download() {
  const { response, sum } = await get({ host: blob, path: '/blob?bytes=5000000', agent: false });
  if (sum !== response.trailers['x-content-sha256']) {
    throw new Error('the checksum differs');
  }
}

async function echo() {
  const [host, port] = datagrams.split(':');
  const text = String(Math.random());
  const socket = dgram.createSocket('udp4');
  // A datagram may be lost anywhere: then another is sent, as programs do.
  const send = () => socket.send(text, Number(port), host);
  const again = setTimeout(send, 2000);
  try {
    send();
    const [answer] = await once(socket, 'message', { signal: AbortSignal.timeout(5000) });
    if (String(answer) !== text) {
      throw new Error(`answered ${answer}`);
    }
  } finally {
    clearTimeout(again);
    socket.close();
  }
}

function repeat(what, every, perform) {
  const turn = async () => {
    if (rests) {
      return;
    }
    underWay += 1;
    try {
      await perform();
      told.done[what] = (told.done[what] ?? 0) + 1;
    } catch (error) {
      told.wrong.push(`${new Date().toISOString()} ${what}: ${error.code ?? ''} ${error.message}`);
    } finally {
      underWay -= 1;
    }
  };
  void turn();
  setInterval(turn, every);
}

repeat('request on a new connection', 100, () => request(false));
repeat('request on a kept connection', 500, () => request(kept));
repeat('download', 10_000, download);
repeat('name of the cluster', 1000, () => dns.lookup(web));
repeat('name of outside', 1000, () => dns.lookup(outside));
repeat('datagram', 1000, echo);
createInterface({ input: process.stdin })
  .on('line', async (line) => {
    rests = line === 'rest';
    while (rests && underWay > 0) {
      await pause(20);
    }
    process.stdout.write(`${JSON.stringify(told)}\n`);
    told.wrong = [];
  })
  .on('close', () => process.exit());
