import { describeScenes } from './describe-scenes.ts';
import { proxyScenes } from './states-proxy.ts';

describeScenes('a connection by a proxy', proxyScenes);
