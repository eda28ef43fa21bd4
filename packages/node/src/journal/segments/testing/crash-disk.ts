import type { Disk, File } from '../../../runtime/index.ts'

/** Chance for a run of a test, drawn from its seed: a number in [0, 1). */
export type Draw = () => number

type Change = { readonly at: number; readonly bytes: Uint8Array } | { readonly length: number }

type Inode = {
  /** What reads see: the page cache. */
  seen: Uint8Array
  /** What is on the platter. */
  durable: Uint8Array
  /** Changes no sync has covered, in order. */
  dirty: Change[]
}

export type Operation = 'open' | 'write' | 'sync' | 'truncate' | 'syncFolder'
type Fault = { readonly code: string; readonly writtenBytes?: number }

const sectorBytes = 512

function systemError(code: string): Error {
  return Object.assign(new Error(`${code}: simulated`), { code })
}

function apply(bytes: Uint8Array, change: Change): Uint8Array {
  const length = 'length' in change ? change.length : change.at + change.bytes.length
  const isCut = 'length' in change && change.length < bytes.length
  const result = new Uint8Array(isCut ? length : Math.max(length, bytes.length))
  result.set(isCut ? bytes.subarray(0, length) : bytes)
  if ('at' in change) result.set(change.bytes, change.at)
  return result
}

/** Sectors of a write, so that a power cut may keep any of them. */
function* sectors(change: Change): Iterable<Change> {
  if ('length' in change) yield change
  else {
    for (let from = 0; from < change.bytes.length; ) {
      const next = Math.min(
        change.bytes.length,
        from + sectorBytes - ((change.at + from) % sectorBytes),
      )
      yield { at: change.at + from, bytes: change.bytes.subarray(from, next) }
      from = next
    }
  }
}

/**
 * A disk in memory that keeps apart what was written and what is durable. It fails where told to,
 * as Linux does: after a failed sync the pages count as clean, so a later sync does not bring them
 * to the platter. A power cut keeps any sectors of what was not synced.
 */
export class CrashDisk implements Disk {
  /** Asked before each operation; what it returns happens instead. */
  fault: (operation: Operation, path: string) => Fault | undefined = () => undefined
  /** Bytes all files together may take. */
  capacityBytes = Number.POSITIVE_INFINITY
  /** Operations until the power goes. */
  powerLeft = Number.POSITIVE_INFINITY
  readonly #files: Map<string, Inode>
  readonly #durableNames: Set<string>

  constructor(files: ReadonlyMap<string, Uint8Array> = new Map()) {
    this.#files = new Map()
    for (const [path, bytes] of files) {
      this.#files.set(path, { seen: bytes.slice(), durable: bytes.slice(), dirty: [] })
    }
    this.#durableNames = new Set(files.keys())
  }

  get isOff(): boolean {
    return this.powerLeft <= 0
  }

  /** Cuts the power: this disk answers no more. Returns the disk as it is when power is back. */
  powerCut(draw: Draw): CrashDisk {
    this.powerLeft = 0
    const left = new Map<string, Uint8Array>()
    for (const [path, inode] of this.#files) {
      if (!this.#durableNames.has(path) && draw() < 0.5) continue
      let bytes = inode.durable
      const keep = draw()
      for (const change of inode.dirty) {
        for (const part of sectors(change)) if (draw() < keep) bytes = apply(bytes, part)
      }
      left.set(path, bytes)
    }
    return new CrashDisk(left)
  }

  /** Bytes reads see; for tests that look at or change a file directly. */
  bytes(path: string): Uint8Array {
    const inode = this.#files.get(path)
    if (inode === undefined) throw systemError('ENOENT')
    return inode.seen
  }

  async open(path: string): Promise<File> {
    this.#begin('open', path)
    const inode = this.#files.get(path) ?? this.#create(path)
    return {
      write: async (buffers, position) => this.#write(path, inode, buffers, position),
      writeDurably: async (buffers, position) => {
        this.#write(path, inode, buffers, position)
        this.#sync(path, inode)
      },
      read: async (into, position) => {
        this.#begin(undefined, path)
        const part = inode.seen.subarray(position, position + into.length)
        into.set(part)
        return part.length
      },
      sync: async () => this.#sync(path, inode),
      truncate: async (length) => {
        this.#begin('truncate', path)
        this.#change(inode, { length })
      },
      sizeBytes: async () => inode.seen.length,
      close: async () => {},
    }
  }

  async list(folder: string): Promise<string[]> {
    const names = [...this.#files.keys()].filter((path) => path.startsWith(`${folder}/`))
    return names.map((path) => path.slice(folder.length + 1)).sort()
  }

  async makeFolder(): Promise<void> {}

  async read(path: string): Promise<Uint8Array | undefined> {
    return this.#files.get(path)?.seen.slice()
  }

  async replace(path: string, bytes: Uint8Array): Promise<void> {
    this.#begin('write', path)
    this.#files.set(path, { seen: bytes.slice(), durable: bytes.slice(), dirty: [] })
    this.#durableNames.add(path)
  }

  async remove(path: string): Promise<void> {
    this.#files.delete(path)
  }

  async syncFolder(folder: string): Promise<void> {
    this.#begin('syncFolder', folder)
    for (const path of this.#files.keys()) this.#durableNames.add(path)
  }

  #create(path: string): Inode {
    const inode: Inode = { seen: new Uint8Array(0), durable: new Uint8Array(0), dirty: [] }
    this.#files.set(path, inode)
    return inode
  }

  #begin(operation: Operation | undefined, path: string): Fault | undefined {
    if (this.isOff || --this.powerLeft <= 0) throw systemError('ENODEV')
    const fault = operation === undefined ? undefined : this.fault(operation, path)
    if (fault !== undefined && operation !== 'write' && operation !== 'sync') {
      throw systemError(fault.code)
    }
    return fault
  }

  #change(inode: Inode, change: Change): void {
    inode.seen = apply(inode.seen, change)
    inode.dirty.push(change)
  }

  #write(path: string, inode: Inode, buffers: readonly Uint8Array[], position: number): void {
    const bytes = new Uint8Array(Buffer.concat(buffers))
    // A write during which the power goes may have got anywhere.
    if (this.powerLeft === 1) this.#change(inode, { at: position, bytes })
    const fault = this.#begin('write', path)
    let taken = fault === undefined ? bytes.length : (fault.writtenBytes ?? 0)
    let code = fault?.code
    let used = 0
    for (const file of this.#files.values()) used += file.seen.length
    const growth = position + bytes.length - inode.seen.length
    if (growth > 0 && used + growth > this.capacityBytes) {
      taken = Math.max(0, bytes.length - (used + growth - this.capacityBytes))
      code = 'ENOSPC'
    }
    if (taken > 0) this.#change(inode, { at: position, bytes: bytes.subarray(0, taken) })
    if (code !== undefined) throw systemError(code)
  }

  #sync(path: string, inode: Inode): void {
    const fault = this.#begin('sync', path)
    const dirty = inode.dirty
    inode.dirty = []
    if (fault !== undefined) throw systemError(fault.code)
    for (const change of dirty) inode.durable = apply(inode.durable, change)
  }
}
