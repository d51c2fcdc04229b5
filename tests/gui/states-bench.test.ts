import { describeScenes } from './describe-scenes.ts';
import { benchScenes } from './states-bench.ts';

describeScenes('measuring a connection', benchScenes);
