/** The problems themselves: code → severity, title, fixes, in a file for each group of areas. */
import { callerProblems } from './problem-catalogue-caller.ts';
import { clusterProblems } from './problem-catalogue-cluster.ts';
import { hostProblems } from './problem-catalogue-host.ts';

export const catalogue = { ...callerProblems, ...clusterProblems, ...hostProblems } as const;

export type ProblemCode = keyof typeof catalogue;
