import { existsSync, readdirSync, readFileSync } from 'node:fs'
import { fileURLToPath } from 'node:url'
import { createClient, generateWallet, type ProcessHandle, walletSigner } from '@heddle/sdk'
import { readActorSource } from '@heddle/sdk/node'
import type { Browser, BrowserContext, Page } from 'playwright-core'
import { afterAll, beforeAll, describe, expect, it } from 'vitest'
import { dist, faultsOf, launchChromium, openContext, skipReason } from './chromium.ts'
import { describeActs } from './explorer-acts.ts'
import type { World } from './explorer-world.ts'
import { type NodeProcess, newDataFolder, removeFolder, startNodeProcess } from './node-process.ts'

const counterFile = fileURLToPath(new URL('../examples/counter.ts', import.meta.url))
const scriptBytesMax = 200 * 1024

if (skipReason !== undefined) process.stderr.write(`the explorer is not tested: ${skipReason}\n`)

describe.skipIf(skipReason !== undefined)('the explorer in Chromium', () => {
  const folder = newDataFolder()
  let node: NodeProcess
  let browser: Browser
  /** One for all pages, so that each script is fetched and compiled once. */
  let context: BrowserContext
  let counter: ProcessHandle

  const open = async (path: string): Promise<{ page: Page; faults: string[] }> => {
    const page = await context.newPage()
    const faults = faultsOf(page)
    await page.goto(`${node.url}/explorer${path}`)
    return { page, faults }
  }

  beforeAll(async () => {
    ;[node, browser] = await Promise.all([startNodeProcess(folder), launchChromium()])
    context = await openContext(browser, { viewport: { width: 1280, height: 800 } })
    const client = createClient({ url: node.url, signer: walletSigner(generateWallet()) })
    const source = await readActorSource(counterFile)
    counter = await client.spawn({ source, tags: { Name: 'counter' } })
    await counter.send({ action: 'Inc', tags: { By: 2 } })
  })

  afterAll(async () => {
    await browser?.close()
    await node?.stop()
    removeFolder(folder)
  })

  const world: World = { url: () => node.url, context: () => context, open }

  it('loads little, and nothing from elsewhere', async () => {
    const page = await context.newPage()
    const asked: string[] = []
    page.on('request', (request) => asked.push(request.url()))
    await page.goto(`${node.url}/explorer`)
    await page.getByRole('heading', { name: 'Overview' }).waitFor()
    expect(asked.filter((url) => !url.startsWith(node.url))).toEqual([])
    const scripts = asked.filter((url) => url.endsWith('.js')).map((url) => url.split('/').at(-1))
    const sizes = scripts.map((name) => readFileSync(`${dist}assets/${name}.gz`).length)
    expect(sizes.reduce((sum, size) => sum + size, 0)).toBeLessThan(scriptBytesMax)
    await page.close()
  })

  it('shows processes, one of them, and follows a message', async () => {
    const { page, faults } = await open('/processes')
    await page.getByRole('link', { name: /^counter/ }).click()
    await page.getByRole('heading', { name: 'counter', level: 1 }).waitFor()
    await page.getByRole('link', { name: /^Inc/ }).click()
    await page.getByText('Given slot 1').waitFor()
    await page.getByText('Evaluated', { exact: true }).waitFor()
    await page.getByText('Pushed').waitFor()
    await page.getByText('holds', { exact: true }).waitFor()
    expect(page.url()).toContain('/explorer/message/')
    expect(faults).toEqual([])
    await page.close()
  })

  it('lists who signed, to the first item, with what each did', async () => {
    const { page, faults } = await open('/accounts')
    await page.getByText(/^in all \d+ items$/).waitFor()
    const own = page.getByRole('row').filter({ hasText: 'this node' })
    await own
      .getByText(/^[1-9]\d*$/)
      .first()
      .waitFor()
    expect(await page.getByRole('row').count()).toBeGreaterThan(2)
    expect(faults).toEqual([])
    await page.close()
  })

  it('finds any id, moves by keys, and has an address for every state', async () => {
    const { page, faults } = await open('')
    await page.getByRole('heading', { name: 'Overview' }).waitFor()
    await page.keyboard.press('/')
    await page.keyboard.type(counter.id)
    await page.keyboard.press('Enter')
    await page.waitForURL(`**/process/${counter.id}`)
    await page.getByRole('link', { name: /^Inc/ }).waitFor()
    await page.locator('body').press('j')
    await page.keyboard.press('Enter')
    await page.waitForURL('**/message/*')
    await page.goBack()
    await page.getByRole('link', { name: 'Talks with' }).click()
    await page.waitForURL('**/talks')
    await page.keyboard.press('?')
    await page.getByRole('dialog').waitFor()
    expect(faults).toEqual([])
    await page.close()
  })

  it('makes a key, spawns from TypeScript, sends; another page sees it live', async () => {
    const { page, faults } = await open('/wallet')
    // A window of its own: a tab behind another draws nothing.
    const other = await (await openContext(browser)).newPage()
    const otherFaults = faultsOf(other)
    await other.goto(`${node.url}/explorer`)
    await other.getByText('live', { exact: true }).waitFor()
    await page.getByLabel('I understand').check()
    await page.getByRole('button', { name: 'Make a key' }).click()
    await page.getByRole('heading', { name: 'In use' }).waitFor()
    await page.getByRole('link', { name: 'Spawn', exact: true }).click()
    await page.getByLabel('Name', { exact: true }).fill('made-here')
    await page.getByLabel(/^Source of the actor/).fill(`let seen: number = 0
on('Ping', (msg: Message) => { seen += 1 as number; msg.reply({ data: \`pong \${seen}\` }) })`)
    await page.getByRole('button', { name: 'Sign and spawn' }).click()
    await page.getByRole('link', { name: 'Send it a message' }).click()
    await page.getByLabel('Action').fill('Ping')
    await page.getByRole('button', { name: 'Dry-run' }).click()
    await page.getByText('pong 1').waitFor()
    await page.getByRole('button', { name: 'Sign and send' }).click()
    await page.getByText(/slot 1, its life/).waitFor()
    await other
      .getByRole('link', { name: /^made-here/ })
      .first()
      .waitFor()
    expect([...faults, ...otherFaults]).toEqual([])
    await page.close()
    await other.context().close()
  })

  // They sign with the key made above.
  describeActs(world)

  it('shows uploaded pages without any right', async () => {
    const wallet = walletSigner(generateWallet())
    const client = createClient({ url: node.url, signer: wallet })
    const data = `<!doctype html><h1>hostile</h1><script>
      parent.postMessage('ran', '*')
      try { localStorage.setItem('stolen', '1') } catch {}
      fetch('/healthz').then(() => parent.postMessage('called', '*'))
    </script>`
    const id = await client.upload({ data, tags: { 'Content-Type': 'text/html' } })
    const page = await context.newPage()
    await page.addInitScript(() => {
      window.addEventListener('message', () => localStorage.setItem('heard', '1'))
    })
    await page.goto(`${node.url}/explorer/item/${id}`)
    await page.frameLocator('iframe').getByText('hostile').waitFor()
    const stored = await page.evaluate(() => Object.keys(localStorage))
    expect(stored).not.toContain('heard')
    expect(stored).not.toContain('stolen')
    // Nor by its own address, outside the explorer's frame.
    await page.goto(`${node.url}/${id}`)
    const ran = await page.evaluate(() => document.querySelector('h1')?.textContent)
    expect(ran).toBe('hostile')
    await page.goto(`${node.url}/explorer`)
    expect(await page.evaluate(() => localStorage.getItem('stolen'))).toBeNull()
    await page.close()
  })
})

it('has every part of the built page packed', () => {
  if (!existsSync(dist)) return
  const names = readdirSync(`${dist}assets`).filter((name) => /\.(js|css)$/.test(name))
  for (const name of names) {
    expect(existsSync(`${dist}assets/${name}.br`)).toBe(true)
    expect(existsSync(`${dist}assets/${name}.gz`)).toBe(true)
  }
})
