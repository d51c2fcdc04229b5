// Opens many TCP connections at once and holds them until its standard input ends. Prints one line of JSON when every one
// is open or failed, or when the time is over: node many-connections.mjs HOST PORT COUNT SECONDS [TEXT]
// Each sends TEXT, if there is one, and reads nothing.
import net from 'node:net';

const [host, port, count, seconds, text] = process.argv.slice(2);
const told = { open: 0, failed: {}, waiting: Number(count) };
const held = [];
const say = () => {
  clearTimeout(limit);
  process.stdout.write(`${JSON.stringify(told)}\n`);
};
const limit = setTimeout(say, Number(seconds) * 1000);
const settle = () => {
  told.waiting -= 1;
  if (told.waiting === 0) {
    say();
  }
};
for (let number = 0; number < Number(count); number += 1) {
  setTimeout(() => {
    const socket = net.connect(Number(port), host);
    held.push(socket);
    let isSettled = false;
    const once = (what) => {
      if (!isSettled) {
        isSettled = true;
        what();
        settle();
      }
    };
    socket.on('connect', () => once(() => (told.open += 1)));
    if (text !== undefined) {
      socket.write(text);
    }
    socket.on('error', ({ code }) => once(() => (told.failed[code] = (told.failed[code] ?? 0) + 1)));
  }, number / 4);
}
process.stdin.on('end', () => process.exit()).resume();
