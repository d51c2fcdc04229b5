/** What every ReportPort must do. */
import { describe, expect, it } from 'vitest';
import type { ReportPort } from '../../core/ports.ts';
import { closedAfterEach } from './settings.ts';

export interface ReportSetting {
  readonly port: ReportPort;
  /** A folder that is there. */
  readonly folder: string;
  /** Text of each file of a report, by its name in the zip's one folder; null where there is no such report. */
  read(path: string): Promise<Record<string, string> | null>;
  close(): Promise<void>;
}

const files = [
  { name: 'snapshot.json', text: '{"phase":"off"}\n' },
  { name: 'core.log', text: 'ü\n'.repeat(1000) },
];

export function testReport(name: string, make: () => Promise<ReportSetting>): void {
  describe(`report: ${name}`, () => {
    const start = closedAfterEach(make);

    it('tells what has to be hidden, and the logs', async () => {
      const { port } = await start();
      const { home, user, hostName, logs } = await port.sources();
      expect([home, user, hostName].every((value) => value !== '')).toBe(true);
      expect(logs.map((log) => log.name)).toContain('core.log');
    });

    it('writes what it was given and nothing else, into a file or a folder', async () => {
      const { port, folder, read } = await start();
      const expected = Object.fromEntries(files.map((file) => [file.name, file.text]));
      for (const path of [`${folder}/report.zip`, folder]) {
        const written = await port.write(path, files);
        if (!written.ok) {
          throw new Error(written.problem.cause);
        }
        expect(written.value.path).toMatch(/\.zip$/);
        expect(await read(written.value.path)).toEqual(expected);
      }
    });

    it('overwrites nothing, and takes no relative path', async () => {
      const { port, folder, read } = await start();
      await port.write(`${folder}/report.zip`, files);
      expect(await port.write(`${folder}/report.zip`, [])).toMatchObject({
        ok: false,
        problem: { code: 'report-unwritable' },
      });
      expect(Object.keys((await read(`${folder}/report.zip`)) ?? {})).toHaveLength(2);
      expect(await port.write('report.zip', files)).toMatchObject({ ok: false, problem: { code: 'usage' } });
    });
  });
}
