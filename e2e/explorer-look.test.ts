import { mkdirSync } from 'node:fs'
import { fileURLToPath } from 'node:url'
import { createClient, generateWallet, type ProcessHandle, walletSigner } from '@heddle/sdk'
import { readActorSource } from '@heddle/sdk/node'
import type { Browser, Page } from 'playwright-core'
import { afterAll, beforeAll, describe, expect, it } from 'vitest'
import { faultsOf, launchChromium, skipReason } from './chromium.ts'
import { type NodeProcess, newDataFolder, removeFolder, startNodeProcess } from './node-process.ts'

const counterFile = fileURLToPath(new URL('../examples/counter.ts', import.meta.url))
const axeSource = fileURLToPath(new URL('../node_modules/axe-core/axe.min.js', import.meta.url))
const pictures = fileURLToPath(new URL('../docs/pictures/', import.meta.url))

/** Pages that a reader of the repository is shown. */
const pictured = new Set(['', 'processes', 'process', 'message', 'spawn', 'wallet'])

/** A minute of work: every page, light and dark, wide and narrow. Run it with HEDDLE_LOOK=1. */
const isAsked = process.env.HEDDLE_LOOK === '1' && skipReason === undefined

describe.skipIf(!isAsked)('the look of the explorer', { timeout: 600_000 }, () => {
  const folder = newDataFolder()
  let node: NodeProcess
  let browser: Browser
  let counter: ProcessHandle

  beforeAll(async () => {
    ;[node, browser] = await Promise.all([startNodeProcess(folder), launchChromium()])
    const client = createClient({ url: node.url, signer: walletSigner(generateWallet()) })
    const source = await readActorSource(counterFile)
    counter = await client.spawn({ source, tags: { Name: 'counter' } })
    for (let by = 1; by <= 20; by++) await counter.send({ action: 'Inc', tags: { By: by } })
    mkdirSync(pictures, { recursive: true })
  })

  afterAll(async () => {
    await browser?.close()
    await node?.stop()
    removeFolder(folder)
  })

  it('has no serious fault for axe on any page, light and dark, wide and narrow', async () => {
    const [{ id: messageId = '' } = { id: '' }] = await slotsOf(node.url, counter.id)
    const paths = [
      '',
      '/processes',
      `/process/${counter.id}`,
      `/process/${counter.id}/talks`,
      `/process/${counter.id}/outbox`,
      `/message/${messageId}`,
      '/items',
      `/item/${messageId}`,
      '/blocks',
      '/accounts',
      '/query',
      '/dead-letters',
      '/spawn',
      `/send?process=${counter.id}`,
      '/upload',
      '/wallet',
      '/models',
      '/nowhere',
    ]
    const found: string[] = []
    const wide = { width: 1280, height: 800 }
    const narrow = { width: 360, height: 740 }
    const looks = (['light', 'dark'] as const).flatMap((colorScheme) =>
      [wide, narrow].map((viewport) => ({ colorScheme, viewport })),
    )
    for (const look of looks) {
      const context = await browser.newContext({ ...look, bypassCSP: true })
      const page = await context.newPage()
      const faults = faultsOf(page)
      for (const path of paths) {
        await page.goto(`${node.url}/explorer${path}`)
        await page.locator('main :is(h1, h2, h3)').first().waitFor()
        await page.locator('.loading').first().waitFor({ state: 'detached' })
        const overflowPx = await page.evaluate(
          () => document.documentElement.scrollWidth - window.innerWidth,
        )
        if (overflowPx > 0) found.push(`${path} is ${overflowPx} px too wide`)
        found.push(...(await axeFaults(page, path)))
        const [, name = '', , tab] = path.split(/[/?]/)
        if (pictured.has(name) && tab === undefined && look.viewport === wide) {
          await page.screenshot({
            path: `${pictures}${name || 'overview'}-${look.colorScheme}.jpg`,
            quality: 70,
            type: 'jpeg',
          })
        }
      }
      found.push(...faults)
      await context.close()
    }
    expect(found).toEqual([])
  })
})

type Slot = { readonly id: string }

async function slotsOf(url: string, processId: string): Promise<readonly Slot[]> {
  const answer = await fetch(`${url}/explorer/api/processes/${processId}/slots?from=1`)
  const { rows } = (await answer.json()) as { rows: readonly Slot[] }
  return rows
}

type AxeResult = {
  readonly violations: readonly {
    readonly id: string
    readonly impact: string
    readonly nodes: readonly { readonly html: string }[]
  }[]
}

/** Serious and critical faults, each with the first element it was found on. */
async function axeFaults(page: Page, path: string): Promise<string[]> {
  await page.addScriptTag({ path: axeSource })
  const result: AxeResult = await page.evaluate('axe.run()')
  return result.violations
    .filter(({ impact }) => impact === 'serious' || impact === 'critical')
    .map(({ id, nodes }) => `${path || '/'}: ${id} at ${nodes[0]?.html}`)
}
