/**
 * Everything of a laptop that Slipway could change, as text by section: links, addresses, rules, all route tables,
 * nftables, sysctls of the network, systemd-resolved's state, hashes of /etc, our sockets, journals and processes.
 * Two equal snapshots say that nothing is left.
 */
import { ourCommandLines } from './laptop-processes.ts';
import { must, type Place } from './programs.ts';

/** Each section is a shell command; what it prints must not change by itself. */
const sections: Readonly<Record<string, string>> = {
  links: "ip -o link | sed 's/^[0-9]*: //'",
  addresses: "ip -o address | sed 's/^[0-9]*: //; s/valid_lft.*//'",
  rules: 'ip rule; ip -6 rule',
  routes: "ip route show table all; ip -6 route show table all | grep -v -E 'cache|expires'",
  firewall: 'nft list ruleset 2>&1; iptables-save 2>/dev/null | grep -v -E "^[#:*]|^COMMIT" || true',
  sysctls:
    'find /proc/sys/net/ipv4/conf /proc/sys/net/ipv6/conf /proc/sys/net/ipv4/ip_forward -type f 2>/dev/null | sort | xargs grep -s ""',
  etc: "cd /etc && find . -printf '%y %p %m %u %l\\n' | sort; find . -type f -print0 | sort -z | xargs -0 sha256sum",
  // Which server is asked at the moment, and how the columns line up, is not a setting.
  resolved:
    'command -v resolvectl >/dev/null && resolvectl status 2>/dev/null | grep -v "Current DNS Server" | sed "s/  */ /g; s/^ //" | grep -v "^$" || true',
  sockets:
    'ls -A /run/slipway/* 2>/dev/null; ls -A /var/lib/slipway/* 2>/dev/null; ss -xlH 2>/dev/null | grep -c slipway',
};

export type LaptopSnapshot = Readonly<Record<string, string>>;

/** One shell for all sections: a mark stands before each. */
const script = Object.entries(sections)
  .map(([name, command]) => `printf '\\0${name}\\0'; (${command})`)
  .join('\n');

/** `holder` is a process of the laptop's namespaces (Laptop.pid). */
export async function takeLaptopSnapshot(place: Place, holder: number): Promise<LaptopSnapshot> {
  const [, ...parts] = (await must(place, ['sh', '-c', `${script}\ntrue`])).split('\0');
  const snapshot: Record<string, string> = { processes: ourCommandLines(holder) };
  for (let index = 0; index < parts.length; index += 2) {
    snapshot[parts[index] ?? ''] = parts[index + 1] ?? '';
  }
  return snapshot;
}

/** The sections in which two snapshots differ; helper and core may live on where `except` names processes and sockets. */
export function differences(before: LaptopSnapshot, after: LaptopSnapshot, except: readonly string[] = []): string[] {
  return Object.keys(before)
    .filter((name) => !except.includes(name) && before[name] !== after[name])
    .flatMap((name) => {
      const [was, is] = [before[name]?.split('\n') ?? [], after[name]?.split('\n') ?? []];
      const gone = was.filter((line) => !is.includes(line)).map((line) => `${name} - ${line}`);
      const added = is.filter((line) => !was.includes(line)).map((line) => `${name} + ${line}`);
      return gone.length + added.length === 0 ? [`${name}: the same lines in another order`] : [...gone, ...added];
    });
}
