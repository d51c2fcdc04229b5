/** Row 7, the helper alone: see kills.ts. */
import { describeKills } from './kills.ts';

describeKills(['helper']);
