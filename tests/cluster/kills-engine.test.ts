/** Row 7, the engine alone: see kills.ts. */
import { describeKills } from './kills.ts';

describeKills(['engine']);
