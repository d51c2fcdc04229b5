/** How port tests get what they test: made when asked for, closed after each test, whatever way it ended. */
import { afterEach } from 'vitest';

/** Answers a maker; what it made is closed after the test. Call it inside a describe. */
export function closedAfterEach<Setting extends { close(): Promise<void> }>(
  make: () => Promise<Setting>,
): () => Promise<Setting> {
  const open: Setting[] = [];
  afterEach(async () => {
    for (const setting of open.splice(0)) {
      await setting.close();
    }
  });
  return async () => {
    const setting = await make();
    open.push(setting);
    return setting;
  };
}
