import { mkdtempSync, rmSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { nodeDefaults } from '@heddle/node/config'
import { type HeddleNode, startNode } from '@heddle/node/main'
import { createClient, generateWallet, walletSigner } from '@heddle/sdk'
import { version } from '../../packages/cli/src/index.ts'

/** A node of this process on which one message was sent, so that every metric has a value. */
export type SampleNode = {
  readonly node: HeddleNode
  readonly folder: string
  /** The text of `/metrics`. */
  metrics(): Promise<string>
  close(): Promise<void>
}

const source = "on('Inc', (msg) => { msg.reply({ data: 'done' }) })"

export async function startSampleNode(): Promise<SampleNode> {
  const folder = mkdtempSync(join(tmpdir(), 'heddle-docs-'))
  const options = {
    ...nodeDefaults,
    port: 0,
    dataFolder: join(folder, 'data'),
    computeThreads: 1,
    dev: true,
  }
  const node = await startNode(options, { version })
  const client = createClient({ url: node.url, signer: walletSigner(generateWallet()) })
  const process = await client.spawn({ source, tags: { Name: 'sample' } })
  await process.send({ action: 'Inc' })
  return {
    node,
    folder,
    metrics: async () => (await fetch(`${node.url}/metrics`)).text(),
    async close() {
      await node.close()
      rmSync(folder, { recursive: true, force: true })
    },
  }
}
