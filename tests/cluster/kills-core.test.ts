/** Row 7, the core alone: see kills.ts. */
import { describeKills } from './kills.ts';

describeKills(['core']);
