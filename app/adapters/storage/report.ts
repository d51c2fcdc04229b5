/** What a report is made of on this computer, and the zip that it is written as. */
import { open, readFile, rm, stat } from 'node:fs/promises';
import { arch, homedir, hostname, release, type, userInfo } from 'node:os';
import { isAbsolute, join } from 'node:path';
import { strToU8, zipSync } from 'fflate';
import { cause, failure, problem, success } from '../../contract/index.ts';
import type { ReportPort, ReportSources } from '../../core/ports.ts';
import type { Environment, Folders } from './folders.ts';

/** Characters of each log; redaction looks at all of them. */
const logEnd = 300_000;
const logNames = ['core.log', 'engine.log', 'helper.log'] as const;

export function openReport(folders: Folders, environment: Environment): ReportPort {
  const home = environment.HOME || homedir();
  return {
    sources: async (): Promise<ReportSources> => ({
      system: {
        system: `${type()} ${release()} ${arch()}`,
        runtime: `${process.release.name} ${process.version}`,
        desktop: environment.XDG_CURRENT_DESKTOP ?? '',
        language: environment.LANG ?? '',
      },
      logs: await Promise.all(logNames.map(async (name) => ({ name, text: await endOf(join(folders.state, name)) }))),
      home,
      user: userName(),
      hostName: hostname(),
    }),

    write: async (path, files) => {
      if (path !== '' && !isAbsolute(path)) {
        return failure(problem('usage', cause('noPath', { path })));
      }
      const stem = `slipway-report-${new Date().toISOString().replaceAll(/[:.]/g, '-').slice(0, 19)}`;
      try {
        const file = await placeFor(path, stem, home);
        const zipped = zipSync(Object.fromEntries(files.map(({ name, text }) => [`${stem}/${name}`, strToU8(text)])));
        await writeNew(file, zipped);
        return success({ path: file });
      } catch (error) {
        return failure(problem('report-unwritable', error instanceof Error ? error.message : String(error)));
      }
    },
  };
}

async function placeFor(path: string, stem: string, home: string): Promise<string> {
  if (path !== '') {
    return (await isFolder(path)) ? join(path, `${stem}.zip`) : path;
  }
  const downloads = join(home, 'Downloads');
  return join((await isFolder(downloads)) ? downloads : home, `${stem}.zip`);
}

async function isFolder(path: string): Promise<boolean> {
  try {
    return (await stat(path)).isDirectory();
  } catch {
    return false;
  }
}

/** Makes the file; one that is there already stays as it is. */
async function writeNew(file: string, content: Uint8Array): Promise<void> {
  const handle = await open(file, 'wx', 0o600);
  try {
    await handle.writeFile(content);
  } catch (error) {
    await rm(file, { force: true });
    throw error;
  } finally {
    await handle.close();
  }
}

async function endOf(file: string): Promise<string> {
  try {
    const text = await readFile(file, 'utf8');
    const cut = text.slice(-logEnd);
    return cut.length < text.length ? cut.slice(cut.indexOf('\n') + 1) : cut;
  } catch {
    return '';
  }
}

function userName(): string {
  try {
    return userInfo().username;
  } catch {
    return ''; // a uid without an account, in a container
  }
}
