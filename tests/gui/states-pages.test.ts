import { describeScenes } from './describe-scenes.ts';
import { pageScenes } from './states.ts';

describeScenes('other pages', pageScenes);
