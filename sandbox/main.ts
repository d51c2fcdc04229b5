// The sandbox from the command line, without the rest of Slipway: node sandbox/main.ts --help
import { parseArgs } from 'node:util';
import { type LaptopName, openSandbox, SandboxFailure, type SandboxOptions } from './sandbox.ts';

const help = `usage: main.ts COMMAND [OPTIONS]
  up                 build what is missing, start or repair the sandbox
  down               end it and remove everything but the cache
  status             what runs, as JSON
  shell              a shell on the laptop
  run -- COMMAND     a command on the laptop
  kubectl -- …       kubectl as the cluster's administrator
  link               an emulated link of the laptop: --delay, --rate, --loss; none of them ends it
  check              what keeps this machine from running it, as JSON

options
  --name NAME             more than one can run side by side (sandbox)
  --nodes N               (2)
  --proxy-mode MODE       iptables or nftables (iptables)
  --pod-range RANGE       (10.244.0.0/16)
  --service-range RANGE   (10.96.0.0/16)
  --lan RANGE             a /24 (10.87.0.0/24)
  --cluster-domain NAME   (cluster.local)
  --dual-stack            IPv6 (unique local addresses) beside IPv4
  --ipv6-only             nodes, pods and Services with IPv6 alone
  --node-local-dns        pods ask a resolver on their node, 169.254.20.10
  --laptop NAME           plain, plain-2 …, resolved, resolved-2 …; may be given more than once (plain)
  --delay MILLISECONDS    each way
  --rate BITS             per second, each way
  --loss FRACTION         0 to 1, each way
  --progress json         progress, result and problem as JSON, one a line
  --no-machine-link       no interface of this machine into the sandbox's LAN
`;

function parse() {
  return parseArgs({
    allowPositionals: true,
    options: {
      name: { type: 'string' },
      nodes: { type: 'string' },
      'proxy-mode': { type: 'string' },
      'pod-range': { type: 'string' },
      'service-range': { type: 'string' },
      lan: { type: 'string' },
      'cluster-domain': { type: 'string' },
      'node-local-dns': { type: 'boolean' },
      'dual-stack': { type: 'boolean' },
      'ipv6-only': { type: 'boolean' },
      laptop: { type: 'string', multiple: true },
      delay: { type: 'string' },
      rate: { type: 'string' },
      loss: { type: 'string' },
      'no-machine-link': { type: 'boolean' },
      progress: { type: 'string' },
      help: { type: 'boolean', short: 'h' },
    },
  });
}

async function main(): Promise<number> {
  const { values, positionals } = parse();
  const [command, ...rest] = positionals;
  if (values.help || !command) {
    console.log(help);
    return values.help ? 0 : 2;
  }
  const hasLink = [values.delay, values.rate, values.loss].some((value) => value !== undefined);
  const link = hasLink
    ? {
        delayMilliseconds: Number(values.delay ?? 0),
        rateBitsPerSecond: Number(values.rate ?? 0),
        lossFraction: Number(values.loss ?? 0),
      }
    : undefined;
  const isRunning = command !== 'up' && command !== 'check';
  const options: SandboxOptions = {
    name: values.name,
    nodes: values.nodes === undefined ? undefined : Number(values.nodes),
    proxyMode: values['proxy-mode'] as SandboxOptions['proxyMode'], // completeOptions refuses what it is not
    podRange: values['pod-range'],
    serviceRange: values['service-range'],
    lan: values.lan,
    clusterDomain: values['cluster-domain'],
    nodeLocalDns: values['node-local-dns'],
    dualStack: values['dual-stack'],
    ipv6Only: values['ipv6-only'],
    laptops: isRunning ? undefined : (values.laptop as LaptopName[] | undefined),
    link: isRunning ? undefined : link,
    machineLink: values['no-machine-link'] ? false : undefined,
  };
  const sandbox = openSandbox(options);
  const laptop = values.laptop?.[0] as LaptopName | undefined;
  const asJson = values.progress === 'json';
  const show = (progress: { text: string; seconds: number }) =>
    asJson
      ? console.log(JSON.stringify(progress))
      : console.error(`[${progress.seconds.toFixed(1).padStart(6)} s] ${progress.text}`);
  switch (command) {
    case 'up':
      await sandbox.up(show);
      console.log(asJson ? JSON.stringify({ kubeconfig: sandbox.kubeconfig }) : `KUBECONFIG=${sandbox.kubeconfig}`);
      return 0;
    case 'down':
      await sandbox.down(show);
      if (asJson) console.log(JSON.stringify({ kubeconfig: sandbox.kubeconfig }));
      return 0;
    case 'status': {
      const status = await sandbox.status();
      console.log(JSON.stringify(status, undefined, 2));
      return status.ready ? 0 : 1;
    }
    case 'link':
      await sandbox.setLink(link, laptop);
      return 0;
    case 'check': {
      const problems = await sandbox.check();
      console.log(JSON.stringify(problems, undefined, 2));
      return problems.length === 0 ? 0 : 1;
    }
    case 'shell':
      return sandbox.shell([], laptop);
    case 'run':
      return sandbox.shell(rest, laptop);
    case 'kubectl':
      process.stdout.write(await sandbox.cluster().kubectl(rest));
      return 0;
  }
  console.error(help);
  return 2;
}

try {
  process.exitCode = await main();
} catch (error) {
  if (error instanceof SandboxFailure && process.argv.includes('--progress')) {
    console.log(JSON.stringify({ problem: error.problem }));
  } else if (error instanceof SandboxFailure) {
    console.error(`${error.problem.code}: ${error.problem.cause}\n  ${error.problem.fix}`);
  } else {
    console.error(error instanceof Error ? error.message : error);
  }
  process.exitCode = 1;
}
