import { describeScenes } from './describe-scenes.ts';
import { clusterScenes } from './states.ts';

describeScenes('a cluster’s page', clusterScenes);
