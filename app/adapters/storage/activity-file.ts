/**
 * The activity as JSON lines in the state folder, mode 0600: appended, and put aside as `<file>.1` (one generation)
 * when it grew over its bound. A line that cannot be read (a crash while it was written) is left out.
 */
import { appendFile, readFile, rename, stat } from 'node:fs/promises';
import {
  type ActivityEntry,
  activityEntrySchema,
  cause,
  failure,
  problem,
  type Result,
  success,
} from '../../contract/index.ts';
import type { ActivityStorePort } from '../../core/ports.ts';

/** Bytes of one file; there are at most two. 2,000 entries of usual length fit into one. */
const largestActivityFile = 1 << 20;

export function openActivityFile(file: string, largest = largestActivityFile): ActivityStorePort {
  /** One after the other: entries keep their order, and nothing is appended to a file that is being put aside. */
  let working: Promise<unknown> = Promise.resolve();
  let isFirst = true;
  const inOrder = <Value>(work: () => Promise<Value>): Promise<Value> => {
    const done = working.then(work, work);
    working = done.catch(() => undefined);
    return done;
  };
  return {
    read: () => inOrder(async () => [...(await readLines(`${file}.1`)), ...(await readLines(file))]),
    append: (entries) =>
      inOrder(async (): Promise<Result<null>> => {
        try {
          const text = entries.map((entry) => `${JSON.stringify(entry)}\n`).join('');
          const size = await sizeOf(file);
          if (size > 0 && size + Buffer.byteLength(text) > largest) {
            await rename(file, `${file}.1`);
          }
          // An empty line is none: after a start it keeps a line that a crash cut off from swallowing the next one.
          await appendFile(file, isFirst && size > 0 ? `\n${text}` : text, { mode: 0o600 });
          isFirst = false;
          return success(null);
        } catch (error) {
          const reason = error instanceof Error ? error.message : String(error);
          return failure(problem('file-unwritable', cause('unwritable', { file, reason }), { file }));
        }
      }),
  };
}

async function sizeOf(file: string): Promise<number> {
  try {
    return (await stat(file)).size;
  } catch {
    return 0;
  }
}

async function readLines(file: string): Promise<ActivityEntry[]> {
  let text: string;
  try {
    text = await readFile(file, 'utf8');
  } catch {
    return []; // none yet, or not readable: what is lost is only a memory
  }
  return text.split('\n').flatMap((line) => {
    try {
      const parsed = activityEntrySchema.safeParse(JSON.parse(line));
      return parsed.success ? [parsed.data] : [];
    } catch {
      return [];
    }
  });
}
