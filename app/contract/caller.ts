/** Who asks: what kubeconfigs, credential plugins and proxies depend on. A frontend without one gets the core's own. */
import { z } from 'zod';

export const callerSchema = z.object({
  /** The variables of the command that asks: what its plugins get. */
  environment: z.record(z.string(), z.string()),
  /** Absolute; where its plugins run. */
  folder: z.string(),
  /** Absolute paths of the kubeconfigs that it means, in their order; empty: those that the environment names. */
  kubeconfigs: z.array(z.string()),
  /** Those and no others: as kubectl's --kubeconfig, a file that is missing is an error, and added ones do not count. */
  isExplicit: z.boolean(),
});
export type Caller = z.infer<typeof callerSchema>;
