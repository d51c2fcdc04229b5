import { describeScenes } from './describe-scenes.ts';
import { confirmedScenes } from './states-confirmed.ts';

describeScenes('what was confirmed', confirmedScenes);
