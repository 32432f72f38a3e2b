import { statSync } from 'node:fs';
import { join } from 'node:path';
import type { Browser } from 'playwright-core';
import { afterAll, beforeAll, expect, test, vi } from 'vitest';
import { root } from '../../config.ts';
import { activeSinks } from '../../gateway/open.ts';
import { rooms } from '../../subgraphs/index.ts';
import { askWhole, settings } from '../harness.ts';
import { launchChromium } from './chromium.ts';
import { calls, logInAs, openExplorer, result, runButton, runOperation, statement, tabTo } from './explorer-page.ts';

// A page's first paint takes Monaco's 3 MB through a browser without a graphics card.
vi.setConfig({ testTimeout: 180_000 });

let browser: Browser;
beforeAll(async () => {
  browser = await launchChromium();
}, 300_000);
afterAll(() => browser?.close());

const stores = rooms.filter(({ name, open }) => open && !settings.without.has(name)).map(({ name }) => name);

test('logs in, runs the movie page, opens a statement and copies it, all from the gateway alone', async () => {
  await using explorer = await openExplorer(browser);
  const { page, problems } = explorer;
  await logInAs(page, 'Alice');
  await runOperation(page, 'movie-page');

  const { movie } = await askWhole('{ movie(id: "m101") { title } }');
  await result(page).filter({ hasText: movie.title }).waitFor();
  expect(await result(page).textContent()).not.toContain('xray');

  await calls(page).first().waitFor();
  const called = await calls(page).locator('.store-name').allTextContents();
  expect([...new Set(called)].toSorted()).toEqual(stores.toSorted());

  await calls(page).filter({ hasText: 'SELECT id, title' }).first().click();
  const text = await statement(page).locator('pre').first().textContent();
  expect(text).toMatch(/^SELECT\s+id, title/);
  await statement(page).getByRole('button', { name: 'Copy' }).first().click();
  await statement(page).getByText('Copied').waitFor();
  expect(await page.evaluate('navigator.clipboard.readText()')).toBe(text);
  expect(problems).toEqual([]);
});

test('shows the homepage of who is logged in', async () => {
  await using explorer = await openExplorer(browser);
  const { page, problems } = explorer;
  await logInAs(page, 'Alice');
  await runOperation(page, 'homepage');
  await result(page).filter({ hasText: '"Alice"' }).waitFor();
  await calls(page).first().waitFor();
  expect(await calls(page).locator('.store-name').allTextContents()).toContain('cassandra');
  expect(problems).toEqual([]);
});

test('records a watch, and shows every sink that consumes it turn green', async () => {
  await using explorer = await openExplorer(browser);
  const { page, problems } = explorer;
  await logInAs(page, 'Bob');
  await runOperation(page, 'record-watch');
  const fanout = page.getByRole('region', { name: 'Fan-out' });
  await fanout.getByText(/have applied it/).waitFor();

  const green = await fanout.locator('[data-status=APPLIED] .store-name').allTextContents();
  const consuming = activeSinks(rooms, settings).filter(({ consumes }) => consumes.includes('watch.recorded'));
  expect(green.toSorted()).toEqual(consuming.map(({ name }) => name).toSorted());
  expect(await fanout.locator('[data-status=APPLIED] .duration').allTextContents()).toEqual(
    green.map(() => expect.stringMatching(/^[\d.]+ m?s$/)),
  );
  expect(await fanout.locator('[data-status=PENDING], [data-status=DEAD]').count()).toBe(0);

  // The event's tab follows the same event, and a second run of the mutation is a second watch.
  await runOperation(page, 'event');
  await result(page).filter({ hasText: 'watch.recorded' }).waitFor();
  const first = await fanout.locator('.event-place').textContent();
  await runOperation(page, 'record-watch');
  await fanout
    .locator('.event-place')
    .filter({ hasText: /offset/ })
    .filter({ hasNotText: first ?? '' })
    .waitFor();
  expect(problems).toEqual([]);
});

test('by keyboard alone: log in, run, walk the waterfall, read a statement, come back', async () => {
  await using explorer = await openExplorer(browser);
  const { page, problems } = explorer;
  await tabTo(page, page.getByRole('banner').getByRole('button', { name: 'Log in' }));
  await page.keyboard.press('Enter');
  await tabTo(page, page.getByRole('button', { name: 'Demo: Alice' }));
  await page.keyboard.press('Enter');
  await page.getByRole('button', { name: 'Log out' }).waitFor();

  await tabTo(page, runButton(page));
  await page.keyboard.press('Enter');
  await calls(page).first().waitFor();
  await tabTo(page, calls(page).first());
  await page.keyboard.press('ArrowDown');
  await page.keyboard.press('Enter');
  await statement(page).waitFor();
  await tabTo(page, statement(page).getByRole('button', { name: 'Copy' }));
  await page.keyboard.press('Enter');
  await statement(page).getByText('Copied').waitFor();
  await page.keyboard.press('Escape');
  await statement(page).waitFor({ state: 'detached' });
  expect(
    await calls(page)
      .nth(1)
      .evaluate((call) => call === call.ownerDocument.activeElement),
  ).toBe(true);
  expect(problems).toEqual([]);
});

test('the editor is entered with Enter, runs with Ctrl-Enter, and is left with Ctrl-M and Tab', async () => {
  await using explorer = await openExplorer(browser);
  const { page } = explorer;
  await tabTo(page, page.locator('.graphiql-query-editor .graphiql-editor'));
  await page.keyboard.press('Enter');
  await page.keyboard.press('Control+Enter');
  await calls(page).first().waitFor();
  await page.keyboard.press('Control+M');
  await tabTo(page, runButton(page));
});

test('fits a screen of 360 pixels, with everything in reach', async () => {
  await using explorer = await openExplorer(browser, { viewport: { width: 360, height: 740 }, hasTouch: true });
  const { page } = explorer;
  await logInAs(page, 'Alice');
  await runOperation(page, 'movie-page');
  await calls(page).last().click();
  await runOperation(page, 'record-watch');
  await page.getByText(/have applied it/).waitFor();
  expect(await page.evaluate('document.documentElement.scrollWidth')).toBe(360);
  await calls(page).last().click();
  for (const part of [
    calls(page).last(),
    statement(page),
    page.getByRole('region', { name: 'Fan-out' }),
    result(page),
  ]) {
    const box = await part.boundingBox();
    expect(box?.x).toBeGreaterThanOrEqual(0);
    expect((box?.x ?? 0) + (box?.width ?? 0)).toBeLessThanOrEqual(360);
    expect(box?.width).toBeGreaterThan(200);
  }
});

test('says kindly what stands in the way', async () => {
  await using explorer = await openExplorer(browser);
  const { page } = explorer;
  await runOperation(page, 'movie-page');
  await page.getByText(/to know who asks/).waitFor();

  await page.getByRole('banner').getByRole('button', { name: 'Log in' }).click();
  await page.getByLabel('E-mail').fill('nobody@streamshop.example');
  await page.getByLabel('Password').fill('wrong');
  await page.getByRole('dialog').getByRole('button', { name: 'Log in' }).click();
  await page.getByRole('alert').filter({ hasText: 'do not belong together' }).waitFor();
  await page.keyboard.press('Escape');

  await page.getByRole('switch', { name: 'X-ray' }).click();
  await runButton(page).click();
  await page.getByText(/X-ray is switched off/).waitFor();

  await runOperation(page, 'event');
  await result(page).filter({ hasText: 'stands' }).waitFor();

  await page.context().setOffline(true);
  await runOperation(page, 'movie-page');
  await page.getByText(/The gateway does not answer. Start it/).waitFor();
});

test('remembers the session over a reload, and forgets it at the log-out', async () => {
  await using explorer = await openExplorer(browser);
  const { page } = explorer;
  await logInAs(page, 'Bob');
  await page.reload();
  await page.getByRole('button', { name: 'Log out' }).click();
  await page.reload();
  await page.getByRole('banner').getByRole('button', { name: 'Log in' }).waitFor();
  expect(await page.evaluate('sessionStorage.getItem("streamshop.session")')).toBe('null');
});

test.runIf(process.env.UPDATE_PICTURE)("takes the README's picture", async () => {
  const path = join(root, 'web', 'explorer', 'explorer.png');
  await using explorer = await openExplorer(browser);
  const { page } = explorer;
  await logInAs(page, 'Alice');
  // The first runs warm the stores' caches up.
  for (let i = 0; i < 10; i++) {
    await runOperation(page, 'movie-page');
    await page.locator('.graphiql-spinner').waitFor({ state: 'detached' });
  }
  await result(page).filter({ hasText: 'Inception' }).waitFor();
  await calls(page).filter({ hasText: 'SELECT movie_id' }).first().click();
  await page.mouse.move(700, 475);
  await page.screenshot({ path, animations: 'disabled' });
  expect(statSync(path).size).toBeLessThan(300_000);
});
