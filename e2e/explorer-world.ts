import type { BrowserContext, Page } from 'playwright-core'

/** A node and a browser that several suites of the explorer share. */
export type World = {
  url(): string
  /** One for all pages, so that each script is fetched and compiled once. */
  context(): BrowserContext
  /** A page of the explorer, and what its console says is wrong. */
  open(path: string): Promise<{ readonly page: Page; readonly faults: string[] }>
}
