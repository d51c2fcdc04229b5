/** Sources and writing of reports without a disk. */
import { cause, failure, problem, type Result, success } from '../contract/index.ts';
import type { ReportPort, ReportSources } from '../core/ports.ts';

export class FakeReport implements ReportPort {
  current: ReportSources = {
    system: { system: 'Linux 6.12.0 x64', runtime: 'node v22.0.0' },
    logs: [{ name: 'core.log', text: '{"level":"info","message":"connection phase","from":"off","to":"preparing"}\n' }],
    home: '/home/jane',
    user: 'jane',
    hostName: 'janes-laptop',
  };
  /** What was written, by path. */
  readonly written = new Map<string, readonly { readonly name: string; readonly text: string }[]>();

  async sources(): Promise<ReportSources> {
    return this.current;
  }

  async write(
    path: string,
    files: readonly { readonly name: string; readonly text: string }[],
  ): Promise<Result<{ path: string }>> {
    if (path !== '' && !path.startsWith('/')) {
      return failure(problem('usage', cause('noPath', { path })));
    }
    const isFile = path.endsWith('.zip');
    const file = isFile ? path : `${path || '/home/jane/Downloads'}/slipway-report-${this.written.size + 1}.zip`;
    if (this.written.has(file)) {
      return failure(problem('report-unwritable', `${file} exists`));
    }
    this.written.set(file, structuredClone(files));
    return success({ path: file });
  }
}
