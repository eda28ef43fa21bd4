import { spawnSync } from 'node:child_process'
import { existsSync } from 'node:fs'
import { fileURLToPath } from 'node:url'
import {
  type Browser,
  type BrowserContext,
  type BrowserContextOptions,
  chromium,
  type Page,
} from 'playwright-core'

/** Without its own sandbox, since tests may run as root; nothing is drawn by a graphics card. */
const args = ['--no-sandbox', '--disable-gpu', '--disable-extensions']

const patienceMs = 120_000
const places = ['/usr/bin/chromium', '/usr/bin/chromium-browser', '/usr/bin/google-chrome']

/** On some systems a file of that name only tells what to install. */
const runs = (path: string) =>
  existsSync(path) && spawnSync(path, ['--version'], { timeout: 20_000 }).status === 0

/** The system's Chromium, or undefined where there is none. */
const chromiumPath: string | undefined = places.find(runs)

/** Where the built page is. */
export const dist = fileURLToPath(new URL('../apps/explorer/dist/', import.meta.url))

/** Why the page cannot be tested here, if it cannot. */
export const skipReason: string | undefined =
  chromiumPath === undefined
    ? 'no Chromium is installed (apt-get install chromium, or .ci/chromium.sh)'
    : existsSync(`${dist}index.html`)
      ? undefined
      : 'the page is not built (node scripts/build-explorer.ts)'

/** Starts the system's Chromium. */
export function launchChromium(): Promise<Browser> {
  if (chromiumPath === undefined) throw new Error('no Chromium is installed')
  return chromium.launch({ executablePath: chromiumPath, args })
}

/** Where pages are opened; what they are to show may take a slow machine long. */
export async function openContext(
  browser: Browser,
  options: BrowserContextOptions = {},
): Promise<BrowserContext> {
  const context = await browser.newContext(options)
  context.setDefaultTimeout(patienceMs)
  return context
}

/** What went wrong on a page, as it is told on its console. */
export function faultsOf(page: Page): string[] {
  const faults: string[] = []
  page.on('pageerror', (error) => faults.push(`${page.url()}: ${error.message}`))
  page.on('console', (message) => {
    if (message.type() === 'error') faults.push(`${page.url()}: ${message.text()}`)
  })
  return faults
}
