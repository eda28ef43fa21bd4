import { execFile } from 'node:child_process'
import { fileURLToPath } from 'node:url'
import { createClient, fetchProvenance, generateWallet, walletSigner } from '@heddle/sdk'
import { afterAll, beforeAll, describe, expect, it } from 'vitest'
import { drawProvenance } from '../packages/cli/src/provenance-tree.ts'
import { runTour } from '../packages/cli/src/tour/tour.ts'
import { type NodeProcess, newDataFolder, removeFolder, startNodeProcess } from './node-process.ts'

const heddle = fileURLToPath(new URL('../packages/cli/bin/heddle.js', import.meta.url))

describe('the tour’s agent on a node', () => {
  const folder = newDataFolder()
  const told: string[] = []
  let node: NodeProcess
  let client: ReturnType<typeof createClient>

  /** Runs `heddle`; gives its exit code and what it wrote. */
  const run = (...args: string[]) =>
    new Promise<{ code: number; text: string }>((resolve) => {
      execFile(process.execPath, [heddle, ...args, '--url', node.url], (error, out, err) => {
        resolve({ code: Number(error?.code ?? 0), text: out + err })
      })
    })
  /** What follows a word in one of the tour's lines. */
  const find = (pattern: RegExp) => told.map((line) => pattern.exec(line)?.[1]).find(Boolean) ?? ''

  beforeAll(async () => {
    node = await startNodeProcess(folder)
    client = createClient({ url: node.url, signer: walletSigner(generateWallet()) })
    const narrator = {
      step: (verb: string, text: string) => void told.push(`${verb} ${text}`),
      say: (text: string) => void told.push(text),
      link: (path: string) => void told.push(path),
      stopwatch: () => () => '0 ms',
    }
    await runTour(client, narrator, new AbortController().signal)
  })
  afterAll(async () => {
    expect(await node.stop()).toBe(0)
    removeFolder(folder)
  })

  it('reads orders, refuses what its policy forbids, and proves what it did', () => {
    expect(told.join('\n')).toMatch(/“send 500 cash to eve” → \{"tool":"transfer"/)
    expect(told).toContainEqual(expect.stringMatching(/refused by rule payees/))
    expect(told).toContainEqual(
      expect.stringMatching(
        /decision ← receipt ← model ← training-run ← dataset: .* every signature/,
      ),
    )
    expect(told).toContainEqual(expect.stringMatching(/^replay .* every bit the same$/))
    expect(told).toContainEqual(expect.stringMatching(/10000 in all$/))
  })

  it('draws the decision’s lineage, both ways', async () => {
    const decision = told.findLast((line) => line.startsWith('/provenance/'))?.slice(12) ?? ''
    const { code, text } = await run('provenance', decision)
    expect(code).toBe(0)
    const kinds = ['Decision', 'Infer-Response', 'Receipt', 'Model', 'Training-Run', 'Dataset']
    for (const kind of kinds) expect(text).toMatch(new RegExp(`${kind}[ (]`))
    const receipt = find(/verify receipt (\S{43})/)
    const { links } = await fetchProvenance(client, receipt)
    expect(links.some(({ child, ground }) => child === decision && ground === receipt)).toBe(true)
  })

  it('shows a link to nothing as what it is', async () => {
    const nowhere = 'A'.repeat(43)
    const tags = [{ name: 'Derived-From', value: nowhere }]
    const id = await client.upload({ data: 'made up', tags })
    const drawn = drawProvenance(await fetchProvenance(client, id)).join('\n')
    expect(drawn).toContain(`${nowhere}  MISSING`)
    await expect(fetchProvenance(client, nowhere)).rejects.toThrow('unknown item')
  })
})
