import type { Disk, File, Runtime } from '../../runtime/index.ts'

/** What a test makes the disk do. */
export type DiskFaults = {
  /** Writes that fail from now on, as on a full disk. */
  failNextWrites: number
  /** Every sync takes at least this long. */
  syncDelayMs: number
  /** Syncs so far. */
  syncs: number
}

/** The real disk with faults of the test's choosing in front of it. */
export function faultyDisk(real: Pick<Runtime, 'disk' | 'timer'>, faults: DiskFaults): Disk {
  const failIfTold = () => {
    if (faults.failNextWrites === 0) return
    faults.failNextWrites--
    throw Object.assign(new Error('no space left on device'), { code: 'ENOSPC' })
  }
  const wrap = (file: File): File => ({
    read: (into, position) => file.read(into, position),
    truncate: (lengthBytes) => file.truncate(lengthBytes),
    sizeBytes: () => file.sizeBytes(),
    close: () => file.close(),
    async write(buffers, position) {
      failIfTold()
      await file.write(buffers, position)
    },
    async writeDurably(buffers, position) {
      failIfTold()
      faults.syncs++
      if (faults.syncDelayMs > 0) await real.timer.sleep(faults.syncDelayMs)
      await file.writeDurably(buffers, position)
    },
    async sync() {
      faults.syncs++
      if (faults.syncDelayMs > 0) await real.timer.sleep(faults.syncDelayMs)
      await file.sync()
    },
  })
  return { ...real.disk, open: async (path) => wrap(await real.disk.open(path)) }
}
