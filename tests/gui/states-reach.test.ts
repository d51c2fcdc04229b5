import { describeScenes } from './describe-scenes.ts';
import { reachScenes } from './states-reach.ts';

describeScenes('reach', reachScenes);
