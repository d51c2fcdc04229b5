import { describeScenes } from './describe-scenes.ts';
import { roamingScenes } from './states-roaming.ts';

describeScenes('roaming', roamingScenes);
