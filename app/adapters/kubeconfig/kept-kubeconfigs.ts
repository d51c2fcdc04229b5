/**
 * Kubeconfigs that the user adds. A browser has no path of what was dropped on it: its text is kept in a folder of the
 * config folder, because it may hold credentials, and deleted when it is forgotten.
 */
import { randomBytes } from 'node:crypto';
import { chmod, mkdir, open, rename, rm } from 'node:fs/promises';
import { dirname, isAbsolute, join } from 'node:path';
import { cause, failure, problem, type Result, success } from '../../contract/index.ts';
import type { KubeconfigFilesPort } from '../../core/ports.ts';
import type { Environment } from '../storage/folders.ts';
import { expand, parseKubeconfig, type ReadOutcome, readKubeconfig } from './read-files.ts';

/** `folder` is made at the first text that is kept. */
export function openKubeconfigFiles(folder: string, environment: Environment): KubeconfigFilesPort {
  return {
    check: async (path) => {
      if (!isAbsolute(path) && path !== '~' && !path.startsWith('~/')) {
        return failure(problem('usage', cause('noPath', { path })));
      }
      const file = expand(path, environment);
      return usable(file, await readKubeconfig(file));
    },

    keep: async (name, text) => {
      const shown = name || 'kubeconfig';
      const checked = usable(shown, parseKubeconfig(shown, Buffer.from(text)));
      if (!checked.ok) {
        return checked;
      }
      const file = join(folder, `${plainName(name)}-${randomBytes(3).toString('hex')}.yaml`);
      try {
        await mkdir(folder, { recursive: true, mode: 0o700 });
        await chmod(folder, 0o700);
        await writeWhole(file, text);
        return success({ file });
      } catch (error) {
        return failure(problem('file-unwritable', cause('unwritable', { file, reason: messageOf(error) }), { file }));
      }
    },

    forget: async (file) => {
      if (dirname(file) !== folder) {
        return success(null);
      }
      try {
        await rm(file, { force: true });
        return success(null);
      } catch (error) {
        return failure(problem('internal', `${file} could not be deleted: ${messageOf(error)}`, { file }));
      }
    },
  };
}

function usable(file: string, outcome: ReadOutcome): Result<{ file: string }> {
  if (outcome.kind === 'broken') {
    return failure(outcome.problem);
  }
  if (outcome.kind === 'absent') {
    return failure(problem('kubeconfig-unreadable', cause('fileEmpty', { file }), { file }));
  }
  const isEmpty = outcome.file.document.contexts.length === 0;
  return isEmpty
    ? failure(problem('kubeconfig-unreadable', cause('fileNoContext', { file }), { file }))
    : success({ file });
}

/** What a name may lend to a file of ours: no folder, no dot in front, nothing that a shell or a person would trip over. */
function plainName(name: string): string {
  const base = name.replace(/^.*[/\\]/, '').replace(/\.(ya?ml|json|conf(ig)?)$/i, '');
  return (
    base
      .replaceAll(/[^A-Za-z0-9_-]+/g, '-')
      .replace(/^-+|-+$/g, '')
      .slice(0, 60) || 'kubeconfig'
  );
}

async function writeWhole(file: string, text: string): Promise<void> {
  const beside = `${file}.part`;
  try {
    const handle = await open(beside, 'wx', 0o600);
    try {
      await handle.writeFile(text);
      await handle.sync();
    } finally {
      await handle.close();
    }
    await rename(beside, file);
  } catch (error) {
    await rm(beside, { force: true });
    throw error;
  }
}

function messageOf(error: unknown): string {
  return error instanceof Error ? error.message : String(error);
}
