import { describeScenes } from './describe-scenes.ts';
import { troubleScenes } from './states.ts';

describeScenes('trouble', troubleScenes);
