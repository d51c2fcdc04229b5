/**
 * A container on the laptop, as Docker and Podman make it: a network and a resolv.conf of its own behind a bridge, with the
 * firewall's rules that Docker sets (docs.docker.com, "Packet filtering and firewalls"): what comes from the bridge may pass, answers
 * may come back, nothing else is forwarded, and what leaves by another interface has the laptop's address there.
 */
import { join } from 'node:path';
import { must, type Outcome, run } from './programs.ts';
import type { Scene } from './scene.ts';

const bridge = 'docker0';
const subnet = '172.17.0.0/16';
/** The laptop's own address on the bridge. */
export const bridgeAddress = '172.17.0.1';

const made = (folder: string) => `
set -e
ip link add ${bridge} type bridge && ip address add ${bridgeAddress}/16 dev ${bridge} && ip link set ${bridge} up
sysctl -qw net.ipv4.ip_forward=1
iptables -w -P FORWARD DROP
iptables -w -A FORWARD -o ${bridge} -m conntrack --ctstate RELATED,ESTABLISHED -j ACCEPT
iptables -w -A FORWARD -i ${bridge} -j ACCEPT
iptables -w -t nat -A POSTROUTING -s ${subnet} ! -o ${bridge} -j MASQUERADE
touch ${folder}/resolv.conf
printf 'hosts: files dns\\n' > ${folder}/nsswitch.conf
unshare --net --mount sh -ec '
  for run in /run/dbus /run/systemd; do if test -d $run; then mount -t tmpfs tmpfs $run; fi; done
  seen=$(readlink -m /etc/resolv.conf)
  mkdir -p $(dirname $seen) && touch $seen
  mount --bind ${folder}/resolv.conf $seen
  mount --bind ${folder}/nsswitch.conf /etc/nsswitch.conf
  echo $$ > ${folder}/container.pid
  exec sleep 3000' >/dev/null 2>&1 &
until test -s ${folder}/container.pid; do sleep 0.05; done
ip link add veth0 type veth peer name eth0 netns $(cat ${folder}/container.pid)
ip link set veth0 master ${bridge} up
nsenter --net=/proc/$(cat ${folder}/container.pid)/ns/net sh -c 'ip link set lo up; ip link set eth0 up; ip address add 172.17.0.2/16 dev eth0; ip route add default via ${bridgeAddress}'
`;

const ended = (folder: string) => `
kill $(cat ${folder}/container.pid ${folder}/forwarder.pid); rm -f ${folder}/container.pid ${folder}/forwarder.pid
ip link delete veth0; ip link delete ${bridge}
iptables -w -t nat -D POSTROUTING -s ${subnet} ! -o ${bridge} -j MASQUERADE
iptables -w -D FORWARD -i ${bridge} -j ACCEPT
iptables -w -D FORWARD -o ${bridge} -m conntrack --ctstate RELATED,ESTABLISHED -j ACCEPT
iptables -w -P FORWARD ACCEPT
sysctl -qw net.ipv4.ip_forward=0
true
`;

export class Container {
  readonly #scene: Scene;

  private constructor(scene: Scene) {
    this.#scene = scene;
  }

  static async make(scene: Scene): Promise<Container> {
    await must(scene.laptop, ['sh', '-c', made(scene.product.folder)]);
    return new Container(scene);
  }

  /** Its resolv.conf. */
  async resolvBy(text: string): Promise<void> {
    await must(this.#scene.laptop, ['sh', '-c', `printf '%s' "$0" > ${this.#scene.product.folder}/resolv.conf`, text]);
  }

  /**
   * What Docker copies for its first network (daemon.json's default): the laptop's resolv.conf, or, where that has nothing but
   * systemd-resolved's own address, the file with the nameservers behind it.
   */
  async copiedNameservers(): Promise<string> {
    const own = await must(this.#scene.laptop, ['cat', '/etc/resolv.conf']);
    return own.includes('nameserver 127.0.0.53')
      ? must(this.#scene.laptop, ['cat', '/run/systemd/resolve/resolv.conf'])
      : own;
  }

  /** From now on a resolver on the bridge asks the laptop's first nameserver for it, from the laptop. */
  async forwardNames(): Promise<void> {
    const server = /^nameserver (\S+)/m.exec(await must(this.#scene.laptop, ['cat', '/etc/resolv.conf']))?.[1] ?? '';
    const { folder } = this.#scene.product;
    const program = join(import.meta.dirname, 'dns-forwarder.mjs');
    const line = `'${process.execPath}' '${program}' ${bridgeAddress} ${server} > ${folder}/forwarder.out 2>&1 & echo $! > ${folder}/forwarder.pid; until grep -q ready ${folder}/forwarder.out; do sleep 0.05; done`;
    await must(this.#scene.laptop, ['sh', '-c', line]);
  }

  run(words: readonly string[]): Promise<Outcome> {
    const id = `$(cat ${this.#scene.product.folder}/container.pid)`;
    const enter = `exec nsenter --net=/proc/${id}/ns/net --mount=/proc/${id}/ns/mnt -- "$@"`;
    return run(this.#scene.laptop, ['sh', '-c', enter, 'sh', ...words], { deadline: 20_000 });
  }

  async end(): Promise<void> {
    await must(this.#scene.laptop, ['sh', '-c', ended(this.#scene.product.folder)]);
  }
}
