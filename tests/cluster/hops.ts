/**
 * The TCP connections that the tunnel is made of, hop by hop, as the kernel has them: they can be seen and cut there
 * (ss(8), -K), with no hook in any program.
 */
import { agentProcesses } from './agent-processes.ts';
import { must, type Place } from './programs.ts';
import type { Scene } from './scene.ts';

export interface Hop {
  readonly what: string;
  /** Both ends of each connection that is established, as ss's filter takes them. */
  connections(): Promise<string[]>;
  cut(...connections: string[]): Promise<void>;
}

/** The laptop's connections to the API server; `server` is its address. */
export function toServer(scene: Scene, server: string): Hop {
  return hop('connections to the API server', scene.laptop, `dst ${server} dport = :6443`);
}

/** What the container runtime opened to the agent, in the agent's pod: one for each stream. */
export async function toAgent(scene: Scene): Promise<Hop> {
  const agents = await scene.agents();
  const [process] = agentProcesses(agents.map(({ metadata }) => metadata.uid));
  if (process === undefined) {
    throw new Error('no agent runs');
  }
  // The laptop has the tools, the pod the network.
  const enter = [...scene.laptop.enter, 'nsenter', '-t', `${process}`, '-n'];
  const pod = { enter, environment: scene.laptop.environment };
  return hop('streams in the pod', pod, 'src 127.0.0.1 dst 127.0.0.1');
}

function hop(what: string, place: Place, filter: string): Hop {
  return {
    what,
    async connections() {
      const listed = await must(place, ['ss', '-4tnH', 'state', 'established', filter]);
      return listed
        .split('\n')
        .map((line) => line.trim().split(/\s+/))
        .flatMap(([, , near, far]) => (far === undefined ? [] : [`src ${near} dst ${far}`]));
    },
    async cut(...connections) {
      await must(place, ['ss', '-4KtnH', connections.map((ends) => `( ${ends} )`).join(' or ')]);
    },
  };
}
