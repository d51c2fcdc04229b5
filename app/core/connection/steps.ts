/** Bookkeeping of the steps of a way up: what began, what ended and how long it took. Pure. */
import { type Step, stepSchema } from '../../contract/index.ts';
import type { Ascent, Task, TaskState } from './state.ts';

/** In the order they are shown. */
const stepsInOrder: readonly Step[] = stepSchema.options;

/** A way up with everything to do. */
export function newAscent(notBefore: number): Ascent {
  return {
    tasks: { reach: 'todo', ranges: 'todo', catalogue: 'todo', helper: 'todo', prepare: 'todo', connect: 'todo' },
    begun: {},
    done: [],
    detail: '',
    notBefore,
    plan: null,
    routes: [],
  };
}

export function setTask(ascent: Ascent, task: Task, state: TaskState): Ascent {
  return { ...ascent, tasks: { ...ascent.tasks, [task]: state } };
}

export function beginStep(ascent: Ascent, step: Step, now: number): Ascent {
  return ascent.begun[step] === undefined ? { ...ascent, begun: { ...ascent.begun, [step]: now } } : ascent;
}

export function endStep(ascent: Ascent, step: Step, now: number): Ascent {
  const begun = ascent.begun[step];
  if (begun === undefined || ascent.done.some((done) => done.step === step)) {
    return ascent;
  }
  return { ...ascent, done: [...ascent.done, { step, milliseconds: Math.max(now - begun, 0) }] };
}

/** The engine tells only beginnings: the step before ends where the next begins. */
export function beginEngineStep(ascent: Ascent, step: Step, now: number): Ascent {
  let next = ascent;
  for (const earlier of stepsInOrder.slice(stepsInOrder.indexOf('tunnel'), stepsInOrder.indexOf(step))) {
    next = endStep(next, earlier, now);
  }
  return beginStep(next, step, now);
}

/** The step to show: the first that began and has not ended; between two steps, the one that ended last. */
export function currentStep(ascent: Ascent): Step {
  const open = stepsInOrder.find(
    (step) => ascent.begun[step] !== undefined && !ascent.done.some((done) => done.step === step),
  );
  return open ?? ascent.done.at(-1)?.step ?? 'cluster';
}

export function isStep(text: string): text is Step {
  return stepsInOrder.some((step) => step === text);
}

/** Everything that hangs on the engine is to do again; what was learnt of the cluster stays. */
export function withoutEngine(ascent: Ascent, notBefore: number): Ascent {
  const { cluster, agent } = ascent.begun;
  return {
    ...ascent,
    tasks: { ...ascent.tasks, helper: 'todo', prepare: 'todo', connect: 'todo' },
    begun: { ...(cluster === undefined ? {} : { cluster }), ...(agent === undefined ? {} : { agent }) },
    done: ascent.done.filter(({ step }) => step === 'cluster' || step === 'agent'),
    notBefore,
  };
}
