import { describeScenes } from './describe-scenes.ts';
import { flowScenes } from './states-flows.ts';

describeScenes('the flows of a cluster', flowScenes);
