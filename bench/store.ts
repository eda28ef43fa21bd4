import { newDataFolder, removeFolder, startNodeProcess } from '../e2e/node-process.ts'
import { flag, wholeNumber } from './arguments.ts'
import { remark } from './report.ts'
import { onSlowDisk, syncMs } from './slow-disk.ts'
import { measureBundle } from './store-bundle.ts'
import { measureReads, measureUpload } from './store-bytes.ts'
import { measurePosts } from './store-post.ts'
import { measureQueries } from './store-query.ts'

type Stage = (url: string) => Promise<void>

/**
 * The goal for posts is a ratio to arlocal as the reference found it: 6.7 a second, on a disk whose syncs take 4 ms. arlocal
 * waits for the disk with each post and nothing else, so on a quick disk the same two programs have another ratio.
 */
const referenceDisk = 'post-tx'

/**
 * The store and gateway over HTTP, a node in a process of its own. `--only=NAME` runs one stage,
 * `--items=1000000` fills the index to the size the goal speaks of (four minutes on two cores with nothing
 * else to do), `--mebibytes=N` sets the size of the file, `--posts=N` the transactions of a round.
 */
export async function run(): Promise<void> {
  const posts = wholeNumber('posts', 500)
  const bundleItems = wholeNumber('bundle-items', 10_000)
  const items = wholeNumber('items', 100_000)
  const sizeBytes = wholeNumber('mebibytes', 256) * 1024 * 1024
  const stages: Readonly<Record<string, Stage>> = {
    [referenceDisk]: (url) => {
      const disk = `, both on a disk whose syncs were made to take ${syncMs} ms longer`
      return measurePosts(url, posts, referenceDisk, disk)
    },
    'post-tx-own-disk': (url) => measurePosts(url, posts, 'post-tx-own-disk', ', the own disk'),
    'bundle-items': (url) => measureBundle(url, bundleItems),
    'graphql-p50': (url) => measureQueries(url, items),
    upload: async (url) => void (await measureUpload(url, sizeBytes)),
    read: (url) => measureReads(url, sizeBytes),
  }
  const only = flag('only')
  for (const [name, stage] of Object.entries(stages)) {
    if (only !== undefined && only !== name) continue
    remark(`store: ${name}`)
    // Each stage has a store of its own, so that none is slowed by what another left.
    const measure = () => onNode(stage)
    await (name === referenceDisk ? onSlowDisk(measure) : measure())
  }
}

async function onNode(stage: Stage): Promise<void> {
  const folder = newDataFolder()
  const node = await startNodeProcess(folder)
  try {
    await stage(node.url)
  } finally {
    await node.stop()
    removeFolder(folder)
  }
}
