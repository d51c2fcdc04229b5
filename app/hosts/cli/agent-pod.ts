/** `--agent-pod-file`: reads what is merged into the agent's pod, shows what it changes, and asks. */
import { readFile } from 'node:fs/promises';
import { parse } from 'yaml';
import { changesOf, noAgentPodChoices, objectionsTo } from '../../contract/index.ts';
import { ask } from './ask.ts';
import { plain, say } from './output.ts';
import { Ended } from './run.ts';

/** Far more than a pod's template takes; YAML that unfolds to more is stopped by the parser. */
const largestFile = 32 << 10;

/**
 * The patch as the contract has it; empty for `none`, which takes an earlier one back. `answer` asks a person; null where
 * nobody can be asked: then naming the file is the word.
 */
export async function agentPodFrom(
  file: string,
  answer: ((question: string) => Promise<string>) | null = process.stdin.isTTY === true ? ask : null,
): Promise<{ agentPodPatch: string }> {
  if (file === 'none') {
    return { agentPodPatch: '' };
  }
  const agentPodPatch = JSON.stringify(await readYaml(file));
  const choices = { ...noAgentPodChoices, agentPodPatch };
  const objections = objectionsTo(choices);
  if (objections.length > 0) {
    throw new Ended(
      `${file} cannot be used for the agent's pod:\n${objections.map((one) => `  ${plain(one)}`).join('\n')}`,
      false,
      2,
    );
  }
  const changes = changesOf(choices);
  if (changes.length === 0) {
    throw new Ended(`${file} changes nothing of the agent's pod`, false, 2);
  }
  say(`${file} changes the agent's pod:`);
  for (const change of changes) {
    say(`  ${plain(change)}`);
  }
  const isMeant = answer === null || /^y(es)?$/i.test(await answer('Use this for the agent of this context? [y/N] '));
  if (!isMeant) {
    throw new Ended('nothing was changed', false, 2);
  }
  return { agentPodPatch };
}

async function readYaml(file: string): Promise<unknown> {
  try {
    const text = await readFile(file, 'utf8');
    if (text.length > largestFile) {
      throw new Error(`it is larger than ${largestFile >> 10} KiB`);
    }
    return parse(text, { maxAliasCount: 20 }) ?? {};
  } catch (error) {
    throw new Ended(
      `${file} cannot be read: ${error instanceof Error ? plain(error.message) : 'unknown error'}`,
      false,
      2,
    );
  }
}
