/** Makes a test of each state: shown in both languages and themes, with a picture each, and nothing that axe finds. */
import type { Browser } from 'playwright-core';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { contrastLooks, lookAtAll, looks, picture } from './looks.ts';
import { openBrowser, type Stage, setStage } from './stage.ts';
import type { Scene } from './states.ts';

export function describeScenes(title: string, scenes: readonly Scene[]): void {
  describe(title, () => {
    let browser: Browser;
    beforeAll(async () => {
      browser = await openBrowser();
    });
    afterAll(() => browser?.close());

    describe.each(scenes.map((scene) => ({ ...scene, title: scene.scenarios.join(', ') })))('in $title', (scene) => {
      let stage: Stage;
      beforeAll(async () => {
        stage = await setStage(browser, scene.scenarios, scene.options);
      });
      afterAll(() => stage?.close());

      it.each(scene.shots)('$name', async ({ name, go, isContrasted }) => {
        await go(stage).catch(async (error) => {
          await picture(stage.page, `not-reached.${name}`);
          throw error;
        });
        const all = isContrasted ? [...looks, ...contrastLooks] : looks;
        expect(await lookAtAll(stage, name, all)).toEqual([]);
      });
    });
  });
}
