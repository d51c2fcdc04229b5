/** What is looked at in every language and theme: changed through the core, as another frontend would, without a reload. */
import { readFileSync } from 'node:fs';
import { createRequire } from 'node:module';
import { join } from 'node:path';
import type { AxeResults, RunOptions } from 'axe-core';
import type { Page } from 'playwright-core';
import type { Settings } from '../../app/contract/index.ts';
import { screenshotFolder } from './gui-options.ts';
import type { Stage } from './stage.ts';

export interface LookChoice {
  readonly name: string;
  readonly settings: Pick<Settings, 'language' | 'theme' | 'contrast'>;
}

const look = (
  language: Settings['language'],
  theme: Settings['theme'],
  contrast: Settings['contrast'] = 'system',
): LookChoice => ({
  name: [language, theme, ...(contrast === 'more' ? ['contrast'] : [])].join('-'),
  settings: { language, theme, contrast },
});

export const home = look('en', 'dark');
export const looks = [home, look('en', 'light'), look('zh-CN', 'light'), look('zh-CN', 'dark')];
export const contrastLooks = [look('en', 'dark', 'more'), look('zh-CN', 'light', 'more')];

export async function wear(stage: Stage, { settings }: LookChoice): Promise<void> {
  await stage.change(settings);
  const contrast = settings.contrast === 'more' ? 'more' : 'normal';
  await stage.page
    .locator(`html[lang="${settings.language}"][data-theme="${settings.theme}"][data-contrast="${contrast}"]`)
    .waitFor({ state: 'attached' });
}

const axeSource = readFileSync(createRequire(import.meta.url).resolve('axe-core/axe.min.js'), 'utf8');

/** What axe finds, one line for each: rule, element and why. `colours`: of its rules those alone that look at colours. */
export async function axeFindings(page: Page, colours: 'all rules' | 'colours alone' = 'all rules'): Promise<string[]> {
  // It stays in the page: reading and starting it costs more than most of its rules.
  if (!(await page.evaluate(() => 'axe' in window))) {
    await page.evaluate(axeSource);
  }
  const options: RunOptions = {
    resultTypes: ['violations'],
    ...(colours === 'colours alone'
      ? { runOnly: { type: 'rule', values: ['color-contrast', 'link-in-text-block'] } }
      : {}),
  };
  const violations = await page.evaluate(async (chosen) => {
    const { axe } = window as unknown as { axe: { run(options: RunOptions): Promise<AxeResults> } };
    return (await axe.run(chosen)).violations;
  }, options);
  return violations.flatMap(({ id, nodes }) =>
    nodes.map((node) => `${id}: ${node.target.join(' ')}: ${(node.failureSummary ?? '').replace(/\s+/g, ' ')}`),
  );
}

/** Text that lies outside the window, or a page that can be scrolled sideways: nothing of the window may be cut off. */
export function overflow(page: Page): Promise<string> {
  return page.evaluate(() => {
    const { scrollWidth, clientWidth, scrollHeight, clientHeight } = document.documentElement;
    return scrollWidth > clientWidth || scrollHeight > clientHeight
      ? `the page is ${scrollWidth} × ${scrollHeight} in a window of ${clientWidth} × ${clientHeight}`
      : '';
  });
}

export async function picture(page: Page, name: string): Promise<void> {
  await page.screenshot({ path: join(screenshotFolder, `${name}.png`), animations: 'disabled', caret: 'hide' });
}

/** Shows the present state in every look; answers what is wrong with it, by look. */
export async function lookAtAll(stage: Stage, name: string, all: readonly LookChoice[] = looks): Promise<string[]> {
  const wrong: string[] = [];
  const seen = new Set<string>();
  for (const one of all) {
    await wear(stage, one);
    await picture(stage.page, `${name}.${one.name}`);
    // A theme changes colours, a language everything else.
    const { language } = one.settings;
    const findings = await axeFindings(stage.page, seen.has(language) ? 'colours alone' : 'all rules');
    seen.add(language);
    const found = [...findings, await overflow(stage.page)].filter((text) => text !== '');
    wrong.push(...found.map((text) => `${one.name}: ${text}`));
  }
  await wear(stage, home);
  return wrong;
}
