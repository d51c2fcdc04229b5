/** Whoever may name things in a cluster may not do anything to the window by it. */
import { readFileSync } from 'node:fs';
import { join } from 'node:path';
import type { Browser } from 'playwright-core';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { root } from './gui-options.ts';
import { axeFindings, overflow, picture } from './looks.ts';
import { openBrowser, type Stage, setStage } from './stage.ts';

/** Controls, bidi and unseen characters (renderer/words/clean-text.ts says which); layout's own are none of them. */
const unseen = /[\p{Cc}\u061c\u200b-\u200f\u2028-\u202e\u2060-\u206f\ufeff\u{e0000}-\u{e007f}]/u;

interface Look {
  readonly title: string;
  /** All that is shown and all that a screen reader is told. */
  readonly text: string;
  /** Elements that no text may become. */
  readonly foreign: readonly string[];
  readonly width: number;
  readonly isWide: boolean;
}

/** Runs in the page: goes down the list, row by row, and looks at each row and its panel. */
async function lookThroughPanels(count: number): Promise<Look[]> {
  const grid = document.querySelector<HTMLElement>('[role="grid"]');
  const looks: Look[] = [];
  for (let index = 0; index < count; index += 1) {
    const panel = document.querySelector<HTMLElement>('aside');
    const row = grid?.querySelector<HTMLElement>('[role="row"][aria-selected="true"]');
    const told = [panel, row].flatMap((part) => [...(part?.querySelectorAll('[title], [aria-label]') ?? [])]);
    const foreign = document.querySelectorAll(
      'script:not([type="module"]), iframe, object, embed, math, base, template, img[src], aside a, [role="grid"] a, [onerror], [onload], [ontoggle], [onfocus]',
    );
    looks.push({
      title: panel?.querySelector('h2')?.textContent ?? '',
      text: [panel?.innerText, row?.innerText]
        .concat(
          told.flatMap((element) => [element.getAttribute('title') ?? '', element.getAttribute('aria-label') ?? '']),
        )
        .join('\n'),
      foreign: [...foreign].map((element) => element.outerHTML.slice(0, 200)),
      width: panel?.getBoundingClientRect().width ?? 0,
      isWide: (panel?.scrollWidth ?? 0) > (panel?.clientWidth ?? 0),
    });
    grid?.dispatchEvent(new KeyboardEvent('keydown', { key: 'ArrowDown', bubbles: true, cancelable: true }));
    await new Promise((resolve) => requestAnimationFrame(() => setTimeout(resolve)));
  }
  return looks;
}

describe('200 hostile names', () => {
  const names = JSON.parse(readFileSync(join(root, 'tests/gui/hostile-names.json'), 'utf8')) as string[];
  let browser: Browser;
  let stage: Stage;

  beforeAll(async () => {
    browser = await openBrowser();
    stage = await setStage(browser, ['fast', 'hostile']);
    await stage.core.call('connect', { context: 'test-frankfurt' });
    await stage.core.reachesPhase('connected');
    await stage.page.getByRole('searchbox', { name: 'Filter services' }).fill('app=hostile');
    await stage.page.getByRole('row').nth(5).waitFor();
  });
  afterAll(async () => {
    // Fails for a dialog, an error, or a request to anywhere.
    await stage?.close();
    await browser?.close();
  });

  /** Every panel from the first row on, each with no more than text in it; their titles. */
  const seePanels = async () => {
    const looks = await stage.page.evaluate(lookThroughPanels, names.length);
    for (const { title, text, foreign, width, isWide } of looks) {
      expect(foreign, title).toEqual([]);
      expect(text.replace(/[\n\t]/g, ' '), title).not.toMatch(unseen);
      expect(isWide, `the panel of ${title} scrolls sideways`).toBe(false);
      expect(width).toBeLessThanOrEqual(560);
    }
    return looks.map(({ title }) => title);
  };

  it('are 200, and all of them are listed', async () => {
    expect(names).toHaveLength(200);
    await stage.page.getByText('200 of', { exact: false }).waitFor();
  });

  it('are inert texts in the list of pods and in the panel of each, too', async () => {
    await stage.page.keyboard.press('Control+Shift+O');
    await stage.page.getByRole('searchbox', { name: 'Filter pods' }).fill('10.244.98.');
    await stage.page.getByText('200 of', { exact: false }).waitFor();
    await stage.page.getByRole('grid', { name: 'Pods' }).focus();
    await stage.page.keyboard.press('Home');
    await stage.page.keyboard.press('Enter');
    await seePanels();
    await stage.page.keyboard.press('Control+Shift+S');
    await stage.page.getByRole('grid', { name: 'Services' }).waitFor();
  });

  it('are inert texts in the list and in the panel of each', async () => {
    const grid = stage.page.getByRole('grid');
    await grid.focus();
    await stage.page.keyboard.press('Home');
    await stage.page.keyboard.press('Enter');
    const seen = new Set(await seePanels());
    // Names that differ in unseen characters alone look the same; most do not.
    expect(seen.size).toBeGreaterThan(120);
  });

  it('leave the page in shape', async () => {
    expect(await overflow(stage.page)).toBe('');
    expect(await stage.page.title()).toBe('Slipway');
    expect(await axeFindings(stage.page)).toEqual([]);
    await picture(stage.page, 'hostile.list');
  });

  it('are never copied as a command or a name that is none', async () => {
    const copied: string[] = [];
    const rows = stage.page.getByRole('grid');
    await rows.focus();
    await stage.page.keyboard.press('Home');
    for (let index = 0; index < 20; index += 1) {
      copied.push(...(await stage.page.getByRole('region', { name: 'Copy' }).locator('bdi').allInnerTexts()));
      await stage.page.keyboard.press('PageDown');
    }
    expect(copied.filter((text) => /[$`;|&<>"\n\\]/.test(text))).toEqual([]);
  });

  it('do nothing in the palette', async () => {
    await stage.page.keyboard.press('Control+k');
    await stage.page.keyboard.type('script');
    await stage.page.getByRole('option').filter({ hasText: '<script>' }).first().waitFor();
    await picture(stage.page, 'hostile.palette');
    await stage.page.keyboard.press('Enter');
    await stage.page.locator('aside').waitFor();
  });
});
