/** What a core loads: bundles leave out the parts of client-node that it never runs (ADR 10). */
import { mkdtempSync, readFileSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { expect, test } from 'vitest';

const root = join(import.meta.dirname, '../..');

test("the core's bundle has no model classes, and neither has nor loads a second HTTP client", async () => {
  const folder = mkdtempSync(join(tmpdir(), 'slipway-bundle-'));
  try {
    const file = join(folder, 'core.mjs');
    const { bundleProgram } = await import(join(root, 'scripts/bundle-programs.mjs'));
    await bundleProgram(join(root, 'app/hosts/core/main.ts'), { file, codeSplitting: false });
    const code = readFileSync(file, 'utf8');
    expect(code).not.toMatch(/V1APIService|UND_ERR_CONNECT_TIMEOUT/);
    expect(code).toMatch(/class ListWatch/);
    expect(code, 'an import of it loads undici').not.toMatch(/from "(node:)?http"/);
    expect(code.length).toBeLessThan(2_000_000);
  } finally {
    rmSync(folder, { recursive: true });
  }
}, 60_000);
