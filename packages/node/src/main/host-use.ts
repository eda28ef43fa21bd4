import { readdir, stat, statfs } from 'node:fs/promises'
import { join } from 'node:path'
import process from 'node:process'
import type { HostUse } from '../explorer/index.ts'

/** Memory of this process, and the disk as the data folder sees it. Files that go meanwhile count 0. */
export async function readHostUse(dataFolder: string): Promise<HostUse> {
  const { bavail, bsize } = await statfs(dataFolder)
  const files = await readdir(dataFolder, { recursive: true, withFileTypes: true })
  let diskUsedBytes = 0
  for (const file of files) {
    if (!file.isFile()) continue
    diskUsedBytes += await stat(join(file.parentPath, file.name)).then(
      ({ blocks }) => blocks * statBlockBytes,
      () => 0,
    )
  }
  const memoryBytes = process.memoryUsage.rss()
  return { memoryBytes, diskUsedBytes, diskFreeBytes: bavail * bsize }
}

/** What `stat` counts blocks in, whatever the file system's own blocks are. */
const statBlockBytes = 512
