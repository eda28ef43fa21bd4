import { existsSync, mkdirSync } from 'node:fs'
import { fileURLToPath } from 'node:url'
import { type Client, createClient, generateWallet, walletSigner } from '@heddle/sdk'
import type { Browser, BrowserContextOptions, Page } from 'playwright-core'
import { afterAll, beforeAll, describe, expect, it } from 'vitest'
import type { Narrator } from '../packages/cli/src/tour/narrator.ts'
import { runTour } from '../packages/cli/src/tour/tour.ts'
import { faultsOf, launchChromium, openContext, skipReason } from './chromium.ts'
import { type NodeProcess, newDataFolder, removeFolder, startNodeProcess } from './node-process.ts'

const axeSource = fileURLToPath(new URL('../node_modules/axe-core/axe.min.js', import.meta.url))
const pictures = fileURLToPath(new URL('../docs/pictures/', import.meta.url))

/** Some minutes of work: every page with the tour's data, light and dark, wide and narrow. */
const isAsked = process.env.HEDDLE_LOOK === '1' && skipReason === undefined

const docsIndex = fileURLToPath(new URL('../docs/.vitepress/dist/index.html', import.meta.url))
const hasDocs = existsSync(docsIndex)

const patienceMs = 60_000
const silent: Narrator = { step() {}, say() {}, link() {}, stopwatch: () => () => '' }

/** A page by the name of its picture, and what is there once it is whole. */
type Look = { readonly name: string; readonly path: string; readonly sees: string | RegExp }

describe.skipIf(!isAsked)('the look of the explorer', { timeout: 900_000 }, () => {
  const folder = newDataFolder()
  const wallet = generateWallet()
  let node: NodeProcess
  let browser: Browser
  let looks: readonly Look[]

  beforeAll(async () => {
    const started = startNodeProcess(folder, ['--storers', '24'])
    ;[node, browser] = await Promise.all([started, launchChromium()])
    const client = createClient({ url: node.url, signer: walletSigner(wallet) })
    const { trader } = await runTour(client, silent, new AbortController().signal)
    looks = await looksOf(client, trader.id)
    mkdirSync(pictures, { recursive: true })
  }, 300_000)

  afterAll(async () => {
    await browser?.close()
    await node?.stop()
    removeFolder(folder)
  })

  const wide = { width: 1280, height: 800 }
  const narrow = { width: 360, height: 740 }

  it.each([
    ['light', wide],
    ['dark', wide],
    ['light', narrow],
    ['dark', narrow],
  ] as const)('shows the tour on every page, %s, %o: no fault, none for axe', async (...at) => {
    const [colorScheme, viewport] = at
    const options: BrowserContextOptions = { colorScheme, viewport, bypassCSP: true }
    const context = await openContext(browser, options)
    const key = JSON.stringify(wallet)
    await context.addInitScript((text) => localStorage.setItem('heddle-browser-key', text), key)
    const page = await context.newPage()
    const faults = faultsOf(page)
    const found: string[] = []
    for (const { name, path, sees } of looks) {
      await page.goto(`${node.url}/explorer${path}`)
      const shown = page.locator('main').getByText(sees).filter({ visible: true }).first()
      await shown.waitFor({ timeout: patienceMs }).catch(() => {
        found.push(`${path} does not show ${sees}`)
      })
      await page.locator('.loading').first().waitFor({ state: 'detached' })
      if (name === 'message') {
        const untimed = page.locator('.step:not(:has(time))')
        await untimed
          .first()
          .waitFor({ state: 'detached', timeout: patienceMs })
          .catch(async () => {
            found.push(`steps without a time: ${(await untimed.allTextContents()).join(' | ')}`)
          })
      }
      const overflowPx = await page.evaluate(
        () => document.documentElement.scrollWidth - window.innerWidth,
      )
      if (overflowPx > 0) found.push(`${path} is ${overflowPx} px too wide`)
      found.push(...(await axeFaults(page, path)))
      if (viewport !== wide) continue
      const file = `${pictures}${name}-${colorScheme}.jpg`
      await page.screenshot({ path: file, quality: 70, type: 'jpeg' })
    }
    expect([...found, ...faults]).toEqual([])
    await context.close()
  })

  it.skipIf(!hasDocs).each([
    ['light', wide],
    ['dark', narrow],
  ] as const)('shows the documentation, %s, %o: no fault, none for axe', async (...at) => {
    const [colorScheme, viewport] = at
    const context = await openContext(browser, { colorScheme, viewport, bypassCSP: true })
    const page = await context.newPage()
    const faults = faultsOf(page)
    for (const path of docsPages) {
      await page.goto(`${node.url}/docs/${path}`)
      await page.getByRole('heading', { level: 1 }).first().waitFor()
      faults.push(...(await axeFaults(page, `/docs/${path}`)))
    }
    expect(faults).toEqual([])
    await context.close()
  })
})

/** Pages of the documentation that between them have all of its parts. */
const docsPages = [
  '',
  'quickstart',
  'concepts',
  'guide/explorer',
  'reference/http',
  'reference/sdk/',
  'reference/sdk/client',
  'reference/sdk/processes',
]

/** Every page, with what the tour left on the node. */
async function looksOf(client: Client, traderId: string): Promise<readonly Look[]> {
  const { url, address = '' } = client
  const idOf = (tag: string, value: string) => newestWith(url, tag, value)
  const [receipt, decision, { parentId, message }] = await Promise.all([
    idOf('Type', 'Receipt'),
    idOf('Action', 'Decision'),
    certifiedMessage(client),
  ])
  const data = crypto.getRandomValues(new Uint8Array(60_000))
  const { commitment } = await client.da.put(data, { retention: { days: 1 } })
  return [
    { name: 'overview', path: '', sees: 'trader' },
    { name: 'processes', path: '/processes', sees: 'market' },
    { name: 'process', path: `/process/${traderId}`, sees: 'Credit-Notice' },
    { name: 'process-talks', path: `/process/${traderId}/talks`, sees: 'received' },
    { name: 'process-outbox', path: `/process/${traderId}/outbox`, sees: 'Outbox' },
    { name: 'process-spawned', path: `/process/${parentId}/spawned`, sees: 'crew-1' },
    { name: 'process-source', path: `/process/${traderId}/source`, sees: 'Spawn item' },
    { name: 'message', path: `/message/${message}`, sees: 'Kept' },
    { name: 'items', path: '/items', sees: 'Message' },
    { name: 'item', path: `/item/${receipt}`, sees: 'holds' },
    { name: 'blocks', path: '/blocks', sees: 'ago' },
    { name: 'accounts', path: '/accounts', sees: 'this node' },
    { name: 'account', path: `/account/${address}`, sees: 'order-tools' },
    { name: 'stake', path: '/stake', sees: '24 storers' },
    { name: 'availability', path: '/availability', sees: /^\d+ of 24$/ },
    { name: 'blob', path: `/availability/${commitment}`, sees: 'Each cell is a row' },
    { name: 'models', path: '/models', sees: 'order-tools' },
    { name: 'receipts', path: '/receipts', sees: 'model' },
    { name: 'receipt', path: `/receipt/${receipt}`, sees: 'Answered' },
    { name: 'lineages', path: '/provenance', sees: 'order-tools' },
    { name: 'provenance', path: `/provenance/${decision}`, sees: 'every signature checked' },
    { name: 'query', path: '/query', sees: 'Run' },
    { name: 'dead-letters', path: '/dead-letters', sees: 'No dead letters' },
    { name: 'spawn', path: '/spawn', sees: 'Sign and spawn' },
    { name: 'send', path: `/send?process=${traderId}`, sees: 'Sign and send' },
    { name: 'console', path: `/console?process=${traderId}`, sees: 'signed by' },
    { name: 'upload', path: '/upload', sees: 'Sign and upload' },
    { name: 'wallet', path: '/wallet', sees: 'In use' },
    { name: 'not-found', path: '/nowhere', sees: 'nowhere' },
  ]
}

/** A message that went all the way: it spawned, was certified by storers and kept in the store. */
async function certifiedMessage(client: Client) {
  const source = `on('Hire', (msg) => {
    for (const name of ['crew-1', 'crew-2']) {
      spawn({ source: "on('Work', (msg) => msg.reply({ data: 'done' }))", tags: { Name: name } })
    }
    msg.reply({ data: 'hired' })
  })`
  const tags = { Name: 'foreman', Availability: 'certified' }
  const parent = await client.spawn({ source, tags })
  const message = await parent.post({ action: 'Hire' })
  await parent.result(message)
  await fetch(`${client.url}/rollup/flush`, { method: 'POST' })
  return { parentId: parent.id, message }
}

async function newestWith(url: string, name: string, value: string): Promise<string> {
  const query = `{ transactions(first: 1, tags: [{ name: "${name}", values: ["${value}"] }]) {
    edges { node { id } } } }`
  const headers = { 'content-type': 'application/json' }
  const body = JSON.stringify({ query })
  const answer = await fetch(`${url}/graphql`, { method: 'POST', headers, body })
  const { data } = (await answer.json()) as {
    data: { transactions: { edges: readonly { node: { id: string } }[] } }
  }
  const id = data.transactions.edges[0]?.node.id
  if (id === undefined) throw new Error(`the tour left no item with ${name} ${value}`)
  return id
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
