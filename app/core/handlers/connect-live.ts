/**
 * What a connect means for a context that is on already: what differs and can be changed live is changed, what cannot is
 * refused with how it can be had. Nothing is ignored.
 */
import {
  type Cause,
  type CommandArguments,
  type Context,
  cause,
  changeLines,
  type Problem,
  problem,
} from '../../contract/index.ts';
import type { Runner } from '../connection/runner.ts';

type Asked = CommandArguments<'connect'>;

/** What a command line would say for what was asked and is not in force. */
interface Difference {
  readonly because: Cause;
  readonly option: string;
}

/**
 * Null where all that was asked is in force or can be put in force; else the problem that names each difference. The
 * home namespace is none of them: it moves live. What the kubeconfig says now counts as asked for: a connection that was
 * made when it said otherwise leads elsewhere.
 */
export function differenceFrom(
  running: Pick<Runner, 'state' | 'madeWith'>,
  context: Pick<Context, 'digest' | 'parts'>,
  asked: Asked,
): Problem | null {
  const { wanted: live, policy } = running.state();
  const differences: Difference[] = [];
  const madeWith = running.madeWith();
  if (madeWith !== null && madeWith.digest !== context.digest) {
    const changes = madeWith.parts === null ? '' : changeLines(madeWith.parts, context.parts);
    differences.push({ because: cause('onAsBefore', { changes }), option: '' });
  }
  if (asked.agentNamespace !== '' && asked.agentNamespace !== live.agentNamespace) {
    const values = { present: live.agentNamespace, asked: asked.agentNamespace };
    differences.push({
      because: cause('onInNamespace', values),
      option: `--agent-namespace ${asked.agentNamespace}`,
    });
  }
  const present = live.agentImage || live.baseImage;
  if (asked.agentImage !== '' && asked.agentImage !== live.agentImage) {
    differences.push({
      because: cause('onWithImage', { present, asked: asked.agentImage }),
      option: `--agent-image ${asked.agentImage}`,
    });
  } else if (asked.agentImage === '' && asked.baseImage !== '' && asked.baseImage !== present) {
    differences.push({
      because: cause('onWithImage', { present, asked: asked.baseImage }),
      option: `--base-image ${asked.baseImage}`,
    });
  }
  if (asked.agentPodPatch !== undefined && asked.agentPodPatch !== policy.agentPod.agentPodPatch) {
    const file = asked.agentPodPatch === '' ? 'none' : 'FILE';
    differences.push({ because: cause('onWithPod'), option: `--agent-pod-file ${file}` });
  }
  if (asked.proxy && live.proxy !== true) {
    differences.push({ because: cause('onWithoutProxy'), option: '--proxy' });
  }
  const [first, ...others] = differences;
  if (first === undefined) {
    return null;
  }
  const because = others.reduce<Cause>((one, other) => cause('both', { one, other: other.because }), first.because);
  const options = differences.flatMap(({ option }) => (option === '' ? [] : [option])).join(' ');
  return problem('connection-differs', because, { context: live.context, options });
}
