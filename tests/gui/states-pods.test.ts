import { describeScenes } from './describe-scenes.ts';
import { podScenes } from './states-pods.ts';

describeScenes('the pods of a cluster', podScenes);
