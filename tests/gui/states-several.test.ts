import { describeScenes } from './describe-scenes.ts';
import { severalScenes } from './states-several.ts';

describeScenes('several clusters', severalScenes);
