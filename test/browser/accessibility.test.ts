import { readFileSync } from 'node:fs';
import { createRequire } from 'node:module';
import type { Browser, Page } from 'playwright-core';
import { afterAll, beforeAll, expect, test, vi } from 'vitest';
import { launchChromium } from './chromium.ts';
import { calls, logInAs, openExplorer, runOperation } from './explorer-page.ts';

const axeSource = readFileSync(createRequire(import.meta.url).resolve('axe-core/axe.min.js'), 'utf8');

// A page's first paint takes Monaco's 3 MB through a browser without a graphics card.
vi.setConfig({ testTimeout: 180_000 });

let browser: Browser;
beforeAll(async () => {
  browser = await launchChromium();
}, 300_000);
afterAll(() => browser?.close());

interface Violation {
  id: string;
  impact: string;
  nodes: { html: string; failureSummary: string }[];
}

/** What axe calls serious or critical, with the elements; empty when all is well. */
async function seriousViolations(page: Page): Promise<string[]> {
  await page.evaluate(axeSource);
  const { violations } = await page.evaluate<{ violations: Violation[] }>('axe.run()');
  return violations
    .filter(({ impact }) => impact === 'serious' || impact === 'critical')
    .flatMap(({ id, nodes }) => nodes.map(({ html, failureSummary }) => `${id}: ${html}\n${failureSummary}`));
}

test.each(['light', 'dark'] as const)('axe finds nothing serious in the %s theme', async (colorScheme) => {
  await using explorer = await openExplorer(browser, { colorScheme, reducedMotion: 'reduce' });
  const { page } = explorer;
  expect(await seriousViolations(page)).toEqual([]);

  await page.getByRole('banner').getByRole('button', { name: 'Log in' }).click();
  expect(await seriousViolations(page)).toEqual([]);
  await page.keyboard.press('Escape');

  await logInAs(page, 'Alice');
  await runOperation(page, 'record-watch');
  await page.getByText(/have applied it/).waitFor();
  await runOperation(page, 'movie-page');
  await calls(page).nth(5).click();
  expect(await seriousViolations(page)).toEqual([]);
});
