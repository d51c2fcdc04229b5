import { describeScenes } from './describe-scenes.ts';
import { directScenes } from './states-direct.ts';

describeScenes('direct path', directScenes);
