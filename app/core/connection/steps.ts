/** Bookkeeping of the steps of a bring-up: what began, what ended and how long it took. Pure. */

import { type Step, stepSchema } from '../../contract/index.ts';
import { nothingMapped } from '../routing/mapped.ts';
import type { BringUp, Task, TaskState } from './state.ts';

/** In the order they are shown. */
const stepsInOrder: readonly Step[] = stepSchema.options;

/** A bring-up with everything to do. */
export function newBringUp(notBefore: number): BringUp {
  return {
    tasks: { reach: 'todo', ranges: 'todo', catalogue: 'todo', helper: 'todo', prepare: 'todo', connect: 'todo' },
    begun: {},
    done: [],
    detail: '',
    waiting: null,
    notBefore,
    plan: null,
    mapped: nothingMapped,
    routes: [],
  };
}

export function setTask(bringUp: BringUp, task: Task, state: TaskState): BringUp {
  return { ...bringUp, tasks: { ...bringUp.tasks, [task]: state } };
}

export function beginStep(bringUp: BringUp, step: Step, now: number): BringUp {
  return bringUp.begun[step] === undefined ? { ...bringUp, begun: { ...bringUp.begun, [step]: now } } : bringUp;
}

export function endStep(bringUp: BringUp, step: Step, now: number): BringUp {
  const begun = bringUp.begun[step];
  if (begun === undefined || bringUp.done.some((done) => done.step === step)) {
    return bringUp;
  }
  return { ...bringUp, done: [...bringUp.done, { step, milliseconds: Math.max(now - begun, 0) }] };
}

/** The engine tells only beginnings: the step before ends where the next begins. */
export function beginEngineStep(bringUp: BringUp, step: Step, now: number): BringUp {
  let next = bringUp;
  for (const earlier of stepsInOrder.slice(stepsInOrder.indexOf('tunnel'), stepsInOrder.indexOf(step))) {
    next = endStep(next, earlier, now);
  }
  return beginStep(next, step, now);
}

/** The step to show: the first that began and has not ended; between two steps, the one that ended last. */
export function currentStep(bringUp: BringUp): Step {
  const open = stepsInOrder.find(
    (step) => bringUp.begun[step] !== undefined && !bringUp.done.some((done) => done.step === step),
  );
  return open ?? bringUp.done.at(-1)?.step ?? 'cluster';
}

export function isStep(text: string): text is Step {
  return stepsInOrder.some((step) => step === text);
}

/** Everything that hangs on the engine is to do again; what was learnt of the cluster stays. */
export function withoutEngine(bringUp: BringUp, notBefore: number): BringUp {
  const { cluster, agent } = bringUp.begun;
  return {
    ...bringUp,
    tasks: { ...bringUp.tasks, helper: 'todo', prepare: 'todo', connect: 'todo' },
    begun: { ...(cluster === undefined ? {} : { cluster }), ...(agent === undefined ? {} : { agent }) },
    done: bringUp.done.filter(({ step }) => step === 'cluster' || step === 'agent'),
    notBefore,
  };
}
