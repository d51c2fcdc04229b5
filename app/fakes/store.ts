/** A store without files. It outlives the core, as files do. */
import { defaultSettings, type Result, type Settings, success, type Wanted } from '../contract/index.ts';
import type { ContextRecord, StorePort } from '../core/ports.ts';
import { type Faults, unlessPlanned } from './faults.ts';

interface Kept {
  settings: Settings;
  wanted: Wanted[];
  trusted: string[];
  records: ContextRecord[];
}

export class FakeStore implements StorePort {
  readonly #files: { kept: Kept };
  readonly #faults: Faults;

  /** With another store: opens the same files again. */
  constructor(faults: Faults, again?: FakeStore) {
    this.#faults = faults;
    this.#files =
      again === undefined
        ? { kept: { settings: defaultSettings, wanted: [], trusted: [], records: [] } }
        : again.#files;
  }

  get kept(): Kept {
    return this.#files.kept;
  }

  set kept(kept: Kept) {
    this.#files.kept = kept;
  }

  async settings(): Promise<Result<Settings>> {
    return success(structuredClone(this.kept.settings));
  }

  async saveSettings(settings: Settings): Promise<Result<null>> {
    this.kept = { ...this.kept, settings: structuredClone(settings) };
    return success(null);
  }

  async wanted(): Promise<Wanted[]> {
    return structuredClone(this.kept.wanted);
  }

  saveWanted(wanted: readonly Wanted[]): Promise<Result<null>> {
    return unlessPlanned(this.#faults, 'saveWanted', () => {
      this.kept = { ...this.kept, wanted: structuredClone([...wanted]) };
      return success(null);
    });
  }

  async trustedExecPlugins(): Promise<string[]> {
    return [...this.kept.trusted];
  }

  async trustExecPlugin(digest: string): Promise<Result<null>> {
    if (!this.kept.trusted.includes(digest)) {
      this.kept = { ...this.kept, trusted: [...this.kept.trusted, digest] };
    }
    return success(null);
  }

  async contextRecords(): Promise<ContextRecord[]> {
    return structuredClone(this.kept.records);
  }

  async saveContextRecords(records: readonly ContextRecord[]): Promise<Result<null>> {
    this.kept = { ...this.kept, records: structuredClone([...records]) };
    return success(null);
  }
}
