/** Row 7, all processes together: see kills.ts. */
import { describeKills } from './kills.ts';
import { allProcesses } from './product.ts';

describeKills(allProcesses);
