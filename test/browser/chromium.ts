import { type Browser, chromium } from 'playwright-core';
import { installProgram } from '../../stack/apt.ts';

/** Nothing that would leave the machine or survive the test; playwright gives each launch a fresh user-data-dir. */
const args = [
  '--no-sandbox',
  '--disable-gpu',
  '--disable-quic',
  '--no-first-run',
  '--disable-background-networking',
  '--disable-component-update',
  '--disable-sync',
];

/**
 * Starts the system's Chromium without a window, after installing it where that may be done without asking.
 * @throws StackError PROGRAM_MISSING elsewhere, saying what to install
 */
export async function launchChromium(): Promise<Browser> {
  const executablePath = await installProgram({
    name: 'chromium',
    otherwise: 'Install it (Debian: sudo apt-get install chromium), or leave the browser out: npm test -- gateway',
  });
  return chromium.launch({ executablePath, headless: true, args });
}
