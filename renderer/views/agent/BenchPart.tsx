import { X } from 'lucide-react';
import {
  type BenchStep,
  benchObjection,
  benchSecondsUsual,
  benchStepSchema,
  benchTransferBytes,
  benchTransfers,
  type Connection,
  type ContextKey,
  causeText,
  isSameKey,
} from '../../../app/contract/index.ts';
import { measureSpeed } from '../../actions/measure-speed.ts';
import { useRunAction } from '../../actions/use-action.ts';
import { Button } from '../../kit/Button.tsx';
import { ProblemCard } from '../../kit/ProblemCard.tsx';
import { Progress } from '../../kit/Progress.tsx';
import { FoundText } from '../../parts/FoundText.tsx';
import { Section } from '../../parts/Section.tsx';
import type { Bench } from '../../store/bench.ts';
import { useApp, useBench } from '../../store/hooks.ts';
import { useFormat } from '../../words/format.ts';
import { useWords, type WordId } from '../../words/words.ts';
import { BenchFigures } from './BenchFigures.tsx';
import styles from './BenchPart.module.css';

const steps: Readonly<Record<BenchStep, WordId>> = {
  requests: 'bench.stepRequests',
  connections: 'bench.stepConnections',
  names: 'bench.stepNames',
  down1: 'bench.stepDown1',
  up1: 'bench.stepUp1',
  down8: 'bench.stepDown8',
  up8: 'bench.stepUp8',
};

/** About how long it takes besides the transfers, in seconds. */
const besides = 8;

/** How fast this connection is, to the agent and back: measured on demand, as a program of this computer has it. */
export function BenchPart({ context, connection }: { readonly context: ContextKey; readonly connection: Connection }) {
  const say = useWords();
  const format = useFormat();
  const { bench } = useApp();
  const run = useRunAction();
  const last = useBench((state) => state);
  const isOwn = isSameKey(last.context, context);
  const isMeasuring = last.state === 'measuring';
  const objection = benchObjection(connection);
  return (
    <Section
      title={say('bench.title')}
      hint={say('bench.hint', {
        seconds: besides + benchTransfers * benchSecondsUsual,
        bytes: format.bytes(benchTransfers * benchTransferBytes),
      })}
      actions={
        isMeasuring && isOwn ? (
          <Button size="small" icon={X} onClick={bench.cancel}>
            {say('bench.cancel')}
          </Button>
        ) : (
          <Button
            size="small"
            icon={measureSpeed.icon}
            disabled={objection !== null || isMeasuring}
            onClick={() => run(measureSpeed)}
          >
            {say(isOwn && last.state !== 'idle' ? 'bench.again' : 'bench.measure')}
          </Button>
        )
      }
    >
      {objection === null || isMeasuring ? null : (
        <p className={styles.note}>
          <FoundText found={{ answer: causeText(objection), said: objection }} />
        </p>
      )}
      {isMeasuring && !isOwn ? <p className={styles.note}>{say('bench.elsewhere')}</p> : null}
      {isOwn ? <Result last={last} /> : null}
    </Section>
  );
}

function Result({ last: { state, said, problem, endedAt } }: { readonly last: Bench }) {
  const say = useWords();
  const format = useFormat();
  const known = said?.figures ?? null;
  const isKnown = known !== null && (known.request !== null || known.transfers.length > 0);
  return (
    <>
      {state === 'measuring' ? <Now step={said?.step ?? null} /> : null}
      {problem === null ? null : <ProblemCard problem={problem} />}
      <div role="status">
        {state === 'cancelled' ? (
          <p className={styles.note}>{say(isKnown ? 'bench.cancelledWith' : 'bench.cancelled')}</p>
        ) : null}
        {state === 'done' && known !== null && endedAt !== null ? (
          <p className={styles.note}>
            {say('bench.done', { path: say(`state.path.${known.path}`), time: format.moment(endedAt) })}
          </p>
        ) : null}
      </div>
      {known !== null && isKnown ? <BenchFigures figures={known} /> : null}
      {said?.pathChanged ? <p className={styles.note}>{say('bench.pathChanged')}</p> : null}
      {said !== null && said.load > said.processors ? <p className={styles.note}>{say('bench.busy')}</p> : null}
    </>
  );
}

function Now({ step }: { readonly step: BenchStep | null }) {
  const say = useWords();
  const all = benchStepSchema.options;
  return (
    <Progress
      text={say(step === null ? 'bench.starting' : steps[step])}
      fraction={step === null ? null : all.indexOf(step) / all.length}
    />
  );
}
