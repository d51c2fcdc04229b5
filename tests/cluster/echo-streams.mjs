// Connections to an echo service that talk all the time, each byte compared when it comes back:
//   node echo-streams.mjs HOST PORT COUNT BYTES-PER-SECOND
// Prints {"open":COUNT}; then, for each line of standard input, a line of what was seen since the line before: bytes that came
// back, the longest time in seconds that a connection waited for any, and connections that broke, with why; and how many bytes
// are on their way. After a line "rest" nothing is sent until the next line. Ends when standard input ends.
import { createHash } from 'node:crypto';
import net from 'node:net';
import { createInterface } from 'node:readline';

const [host, port, count, rate] = process.argv.slice(2);
/** What is on its way at most: a cut must find some, and its end must not be a flood. */
const mostUnderWay = 512 << 10;
const everyMilliseconds = 20;

// Noise whose length no buffer on the way divides, so that bytes that are missing or come twice are other bytes.
const noise = Buffer.concat(
  Array.from({ length: 32_749 }, (_, index) => createHash('sha256').update(String(index)).digest()),
).subarray(0, 1_047_899);
const slice = (offset, length) => {
  const at = offset % noise.length;
  return noise.subarray(at, Math.min(at + length, noise.length));
};

class Stream {
  sent = 0;
  back = 0;
  told = 0;
  longest = 0;
  heard = performance.now();
  broken = '';

  constructor(opened) {
    this.socket = net.connect({ port: Number(port), host, noDelay: true }, () => {
      this.heard = performance.now();
      opened();
    });
    this.socket.on('data', (bytes) => this.compare(bytes));
    this.socket.on('error', (error) => this.breaks(error.code ?? error.message));
    this.socket.on('close', () => this.breaks('closed'));
  }

  breaks(why) {
    this.broken ||= `${why} after ${this.back} bytes`;
  }

  compare(bytes) {
    let rest = bytes;
    while (rest.length > 0 && this.broken === '') {
      const expected = slice(this.back, rest.length);
      const part = rest.subarray(0, expected.length);
      if (!part.equals(expected)) {
        this.breaks('other bytes came back');
        this.socket.destroy();
      }
      this.back += part.length;
      rest = rest.subarray(part.length);
    }
    this.wait();
    this.heard = performance.now();
  }

  wait() {
    if (this.sent > this.back || this.broken !== '') {
      this.longest = Math.max(this.longest, performance.now() - this.heard);
    }
  }

  write() {
    if (this.broken !== '' || this.socket.connecting) {
      return;
    }
    if (this.sent === this.back) {
      this.heard = performance.now();
    }
    let left = Math.min((Number(rate) * everyMilliseconds) / 1000, mostUnderWay - (this.sent - this.back));
    while (left >= 1) {
      const next = slice(this.sent, left);
      this.socket.write(next);
      this.sent += next.length;
      left -= next.length;
    }
  }

  tell() {
    this.wait();
    const told = {
      moved: this.back - this.told,
      longest: this.longest / 1000,
      broken: this.broken,
      underWay: this.sent - this.back,
    };
    this.told = this.back;
    this.longest = 0;
    return told;
  }
}

let open = 0;
let rests = false;
const say = (what) => process.stdout.write(`${JSON.stringify(what)}\n`);
const streams = Array.from(
  { length: Number(count) },
  () => new Stream(() => ++open === Number(count) && say({ open })),
);
setInterval(() => {
  for (const stream of rests ? [] : streams) {
    stream.write();
  }
}, everyMilliseconds);
createInterface({ input: process.stdin })
  .on('line', (line) => {
    rests = line === 'rest';
    const told = streams.map((stream) => stream.tell());
    say({
      moved: told.reduce((sum, { moved }) => sum + moved, 0),
      longest: Math.max(...told.map(({ longest }) => longest)),
      underWay: told.reduce((sum, { underWay }) => sum + underWay, 0),
      broken: told.flatMap(({ broken }) => (broken === '' ? [] : [broken])),
    });
  })
  .on('close', () => process.exit());
