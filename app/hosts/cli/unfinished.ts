/** What is left to say of a core that did not end by itself: it was killed, or the computer went down with it. */
import { openAgentRecords } from '../../adapters/agent/records.ts';
import { agentTimes } from '../../adapters/agent/times.ts';
import { findFolders } from '../../adapters/storage/folders.ts';
import { openStore } from '../../adapters/storage/store.ts';
import { plain, withInvocation } from './output.ts';

const silent = { debug: () => {}, info: () => {}, warning: () => {} };

/** Lines about each agent that still waits for its client, where no core runs; none where everything was undone. Starts nothing. */
export async function unfinished(): Promise<string[]> {
  const folders = await findFolders(process.env);
  if (!folders.ok) {
    return [];
  }
  const store = openStore(folders.value.config, silent);
  const [wanted, records] = await Promise.all([
    store.wanted(),
    openAgentRecords(folders.value.state, silent).everywhere(),
  ]);
  const minutes = Math.ceil(agentTimes(process.env).renewedDeadlineSeconds / 60);
  return wanted.flatMap(({ context, agentNamespace }) => {
    const agent = records.findLast(({ namespace }) => namespace === agentNamespace);
    const name = plain(context);
    return agent === undefined
      ? []
      : [
          `Slipway's core ended while ${name} was on. Its agent ${plain(agentNamespace)}/${plain(agent.pod || agent.job)}`,
          `waits for it, and is gone within ${minutes} minutes.`,
          withInvocation(
            `\`slipway connect ${name}\` takes it up again; \`slipway disconnect\` after that deletes it.`,
          ),
        ];
  });
}
