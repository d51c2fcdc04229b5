import { describeScenes } from './describe-scenes.ts';
import { timeScenes } from './states-times.ts';

describeScenes('whose time a connection takes', timeScenes);
