/** Processors that the agent is built for. Kept beside the shape of its pod so that whoever only needs names loads no client. */

/** As the node's label `kubernetes.io/arch`, and Go, name them. */
export const processors = ['amd64', 'arm64'] as const;
export type Processor = (typeof processors)[number];
