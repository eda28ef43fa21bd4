import { createHash } from 'node:crypto'
import { readFileSync } from 'node:fs'
import { createRuntime } from '@heddle/node/runtime'
import { formatReference } from '@heddle/sdk'
import { afterAll, beforeAll, describe, expect, it } from 'vitest'
import { bundleProgram } from './bundle-program.ts'
import { launchChromium } from './chromium.ts'
import { openDaNetwork } from './da-network.ts'
import { openLyingNode } from './lying-node.ts'
import { newDataFolder, removeFolder } from './node-process.ts'

/**
 * `HEDDLE_LONG=1 vitest run e2e/da-browser.test.ts`: a page reads a blob and samples it with nothing but the
 * SDK, and finds out a node that lies.
 */
const isLong = process.env.HEDDLE_LONG !== undefined
const { random } = createRuntime()
const entry = 'da-browser-program.js'

const program = `
import { createClient } from '@heddle/sdk'
globalThis.readBlob = async (url, reference, storers) => {
  const { da } = createClient({ url, da: { storers } })
  try {
    const bytes = await da.read(reference)
    const digest = new Uint8Array(await crypto.subtle.digest('SHA-256', bytes))
    const { gaps } = await da.sample(reference.split(':')[0], { of: 'rows', samples: 3 })
    return { hex: [...digest].map((byte) => byte.toString(16).padStart(2, '0')).join(''), gaps }
  } catch (error) {
    return { code: error.code, message: String(error) }
  }
}`

async function bundle(): Promise<string> {
  const rolldown = { output: { codeSplitting: false } }
  const parts = await bundleProgram({ entry, program, rolldown })
  return parts.map(({ code }) => code).join('\n')
}

describe.runIf(isLong)('a page', () => {
  const folder = newDataFolder()
  let network: Awaited<ReturnType<typeof openDaNetwork>>

  beforeAll(async () => {
    network = await openDaNetwork(folder)
  })

  afterAll(async () => {
    await network.close()
    removeFolder(folder)
  })

  it('reads what was published, and nothing else', async () => {
    const blob = random.bytes(300_000)
    const reference = formatReference(await network.client.da.put(blob))
    const storers: unknown = JSON.parse(readFileSync(network.setFile, 'utf8'))
    const node = await openLyingNode(network.url)
    const browser = await launchChromium()
    try {
      const page = await browser.newPage()
      await page.goto(`${node.url}/da/status`)
      await page.addScriptTag({ type: 'module', content: await bundle() })
      const read = () =>
        page.evaluate(
          ([url, name, set]) =>
            (globalThis as unknown as { readBlob(...given: unknown[]): unknown }).readBlob(
              url,
              name,
              set,
            ),
          [node.url, reference, storers] as const,
        )
      const hex = createHash('sha256').update(blob).digest('hex')
      // The last storers get their rows after the certificate.
      await expect.poll(read).toEqual({ hex, gaps: 0 })
      node.tell((path, body) =>
        path.includes('/segments/')
          ? body.map((byte, at) => (at === body.length - 9 ? byte ^ 4 : byte))
          : body,
      )
      expect(await read()).toMatchObject({ code: 'da-row-forged' })
    } finally {
      await browser.close()
      await node.close()
    }
  })
})
