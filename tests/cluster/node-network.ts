/** The network of a node with the laptop's tools: the node has none. */
import type { SpaceName } from '../../sandbox/sandbox.ts';
import type { Place } from './programs.ts';
import type { Scene } from './scene.ts';

export function inNodeNetwork({ laptop, sandbox }: Scene, node: SpaceName): Place {
  return { enter: [...laptop.enter, ...sandbox.space(node).enter(['net'])], environment: laptop.environment };
}
