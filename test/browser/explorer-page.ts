import type { Browser, BrowserContextOptions, Locator, Page } from 'playwright-core';
import { settings } from '../harness.ts';

export const origin = `http://${settings.gateway.host}:${settings.gateway.port}`;

/** The explorer in a browser tab of a test's own. */
export interface ExplorerPage extends AsyncDisposable {
  page: Page;
  /** Requests that left the gateway's origin, and all that the console logged as an error. */
  problems: string[];
}

/** Opens the explorer with nothing remembered, and waits until its editors are there. */
export async function openExplorer(browser: Browser, options: BrowserContextOptions = {}): Promise<ExplorerPage> {
  const context = await browser.newContext({
    viewport: { width: 1440, height: 900 },
    permissions: ['clipboard-read', 'clipboard-write'],
    colorScheme: 'light',
    ...options,
  });
  const page = await context.newPage();
  page.setDefaultTimeout(60_000);
  const problems: string[] = [];
  page.on('request', (request) => {
    const url = request.url();
    if (!url.startsWith(`${origin}/`) && !url.startsWith('data:')) problems.push(`left the origin: ${url}`);
  });
  page.on('console', (message) => message.type() === 'error' && problems.push(`console: ${message.text()}`));
  page.on('pageerror', (error) => problems.push(`thrown: ${error.stack}`));
  await page.goto(`${origin}/explorer/`);
  await runButton(page).waitFor();
  await page.locator('.graphiql-query-editor .view-lines').waitFor();
  return { page, problems, [Symbol.asyncDispose]: () => context.close() };
}

export const runButton = (page: Page): Locator => page.getByRole('button', { name: 'Execute query' });
export const calls = (page: Page): Locator =>
  page.getByRole('region', { name: 'Store calls over time' }).getByRole('button');
export const statement = (page: Page): Locator => page.getByRole('region', { name: /statement/ });
/** Monaco draws the lines that fit only, and spaces that do not break. */
export const result = (page: Page): Locator =>
  page.getByRole('region', { name: 'Result Window' }).locator('.view-lines');

/** Logs a demo account in by its button. */
export async function logInAs(page: Page, name: 'Alice' | 'Bob'): Promise<void> {
  await page.getByRole('banner').getByRole('button', { name: 'Log in' }).click();
  await page.getByRole('button', { name: `Demo: ${name}` }).click();
  await page.getByRole('button', { name: 'Log out' }).waitFor();
}

/** Goes to an operation's tab and runs it. */
export async function runOperation(page: Page, name: string): Promise<void> {
  await page.getByRole('navigation', { name: 'Operations' }).getByRole('button', { name, exact: true }).click();
  await runButton(page).click();
}

/**
 * Presses Tab until the focus is where it is wanted.
 * @throws Error when it is not reached, or when the focus cannot be seen there
 */
export async function tabTo(page: Page, target: Locator): Promise<void> {
  const handle = await target.first().elementHandle();
  for (let presses = 0; presses < 150; presses++) {
    if (await handle?.evaluate((element) => element === element.ownerDocument.activeElement)) {
      const outline = await page.evaluate('getComputedStyle(document.activeElement).outlineStyle');
      if (outline === 'none') throw new Error(`the focus cannot be seen on ${target}`);
      return;
    }
    await page.keyboard.press('Tab');
  }
  throw new Error(`Tab does not reach ${target}`);
}
