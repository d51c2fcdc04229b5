// `node dns-forwarder.mjs ADDRESS SERVER`: hands each datagram that comes to port 53 of ADDRESS to port 53 of SERVER, and answers back:
// what Docker's embedded resolver does for the networks that a user makes, whose questions leave from the laptop itself.
import { createSocket } from 'node:dgram';

const [address, server] = process.argv.slice(2);
const listening = createSocket('udp4');
listening.on('message', (question, from) => {
  const asking = createSocket('udp4');
  asking.on('message', (answer) => {
    listening.send(answer, from.port, from.address);
    asking.close();
  });
  asking.send(question, 53, server);
});
listening.bind(53, address, () => process.stdout.write('ready\n'));
