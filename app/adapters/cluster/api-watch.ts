/** Watches of the API server. */
import { Watch } from '@kubernetes/client-node';

/**
 * client-node's Watch, except that credentials which cannot be had end the watch like any other error. There they
 * reject the promise, and ListWatch, which calls it from a callback, leaves that rejection to nobody: it would end
 * the process.
 */
export class ApiWatch extends Watch {
  override async watch(...parameters: Parameters<Watch['watch']>): ReturnType<Watch['watch']> {
    try {
      return await super.watch(...parameters);
    } catch (error) {
      const done = parameters[3];
      done(error);
      return new AbortController();
    }
  }
}
