import { constants } from 'node:fs'
import {
  type FileHandle,
  mkdir,
  open as openHandle,
  readdir,
  readFile,
  rename,
  rm,
} from 'node:fs/promises'
import { dirname } from 'node:path'
import type { Disk, File } from './ports.ts'

/** The system refuses more buffers than this in one writev. */
const buffersMax = 1024

function isMissing(error: unknown): boolean {
  return error instanceof Error && 'code' in error && error.code === 'ENOENT'
}

/** Writes everything, whatever part of it the system takes at a time. */
async function writeAll(handle: FileHandle, buffers: readonly Uint8Array[], position: number) {
  let at = position
  let queue = buffers.filter((buffer) => buffer.length > 0)
  while (queue.length > 0) {
    const { bytesWritten } = await handle.writev(queue.slice(0, buffersMax), at)
    at += bytesWritten
    let skip = bytesWritten
    let first = 0
    while (first < queue.length && skip >= (queue[first]?.length ?? 0)) {
      skip -= queue[first]?.length ?? 0
      first++
    }
    queue = queue.slice(first)
    const head = queue[0]
    if (head !== undefined && skip > 0) queue[0] = head.subarray(skip)
  }
}

async function readAll(handle: FileHandle, into: Uint8Array, position: number): Promise<number> {
  let filled = 0
  while (filled < into.length) {
    const { bytesRead } = await handle.read(into, filled, into.length - filled, position + filled)
    if (bytesRead === 0) break
    filled += bytesRead
  }
  return filled
}

/** Undefined on systems without it. */
const dataSync: number | undefined = constants.O_DSYNC

function fileOf(path: string, handle: FileHandle): File {
  let durable: Promise<FileHandle> | undefined
  let isDirty = false
  return {
    write: (buffers, position) => {
      isDirty = true
      return writeAll(handle, buffers, position)
    },
    async writeDurably(buffers, position) {
      // O_DSYNC covers its own write alone.
      if (dataSync === undefined || isDirty) {
        await writeAll(handle, buffers, position)
        await handle.datasync()
        isDirty = false
        return
      }
      durable ??= openHandle(path, constants.O_WRONLY | dataSync)
      await writeAll(await durable, buffers, position)
    },
    read: (into, position) => readAll(handle, into, position),
    async sync() {
      await handle.datasync()
      isDirty = false
    },
    truncate: (lengthBytes) => handle.truncate(lengthBytes),
    sizeBytes: async () => (await handle.stat()).size,
    async close() {
      await (await durable?.catch(() => undefined))?.close()
      await handle.close()
    },
  }
}

async function syncFolder(folder: string): Promise<void> {
  const handle = await openHandle(folder, constants.O_RDONLY)
  try {
    await handle.sync()
  } finally {
    await handle.close()
  }
}

export const systemDisk: Disk = {
  async open(path) {
    return fileOf(path, await openHandle(path, constants.O_RDWR | constants.O_CREAT, 0o600))
  },
  async list(folder) {
    try {
      return (await readdir(folder)).sort()
    } catch (error) {
      if (isMissing(error)) return []
      throw error
    }
  },
  async makeFolder(folder) {
    await mkdir(folder, { recursive: true, mode: 0o700 })
  },
  async read(path) {
    try {
      return new Uint8Array(await readFile(path))
    } catch (error) {
      if (isMissing(error)) return undefined
      throw error
    }
  },
  async replace(path, bytes) {
    const aside = `${path}.new`
    const handle = await openHandle(aside, 'w', 0o600)
    try {
      await writeAll(handle, [bytes], 0)
      await handle.datasync()
    } finally {
      await handle.close()
    }
    await rename(aside, path)
    await syncFolder(dirname(path))
  },
  async remove(path) {
    await rm(path, { force: true, recursive: true })
  },
  syncFolder,
}
