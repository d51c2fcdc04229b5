import { describeScenes } from './describe-scenes.ts';
import { nameScenes } from './states-names.ts';

describeScenes('names', nameScenes);
