import { decodeText, encodeText, equalBytes, toHex } from '@heddle/protocol/base'
import type { CryptoEngine } from '@heddle/protocol/crypto'
import type { Disk } from '../runtime/index.ts'

/** A process's memory before `nextSlot`, as its module's glue encoded it. */
type Checkpoint = {
  readonly processId: string
  readonly moduleId: string
  readonly nextSlot: number
  readonly image: Uint8Array
}

/**
 * File: magic "HDLCHK01" · 32 bytes sha256 of all that follows · u32le length and JSON
 * {processId, moduleId, nextSlot} · image. The hash covers the names too: a file that was put under
 * another name, or cut, is no checkpoint.
 */
const magic = encodeText('HDLCHK01')
const hashBytes = 32
const headerAt = magic.length + hashBytes + 4

export function encodeCheckpoint(checkpoint: Checkpoint, engine: CryptoEngine): Uint8Array {
  const { processId, moduleId, nextSlot, image } = checkpoint
  const header = encodeText(JSON.stringify({ processId, moduleId, nextSlot }))
  const bytes = new Uint8Array(headerAt + header.length + image.length)
  bytes.set(magic, 0)
  new DataView(bytes.buffer).setUint32(headerAt - 4, header.length, true)
  bytes.set(header, headerAt)
  bytes.set(image, headerAt + header.length)
  bytes.set(engine.sha256(bytes.subarray(magic.length + hashBytes)), magic.length)
  return bytes
}

/** The checkpoint in a file, or undefined where it is not intact. */
export function decodeCheckpoint(bytes: Uint8Array, engine: CryptoEngine): Checkpoint | undefined {
  if (bytes.length < headerAt || !equalBytes(bytes.subarray(0, magic.length), magic))
    return undefined
  const hash = engine.sha256(bytes.subarray(magic.length + hashBytes))
  if (!equalBytes(hash, bytes.subarray(magic.length, magic.length + hashBytes))) return undefined
  const view = new DataView(bytes.buffer, bytes.byteOffset, bytes.byteLength)
  const imageAt = headerAt + view.getUint32(headerAt - 4, true)
  if (imageAt > bytes.length) return undefined
  const header = JSON.parse(decodeText(bytes.subarray(headerAt, imageAt))) as Omit<
    Checkpoint,
    'image'
  >
  return { ...header, image: bytes.subarray(imageAt) }
}

/**
 * The newest checkpoint of each process, one file each. A checkpoint only saves time: without one
 * the
 * log is replayed from the start, so a file that cannot be read is as good as none.
 */
export class Checkpoints {
  readonly #folder: string
  readonly #disk: Disk
  readonly #engine: CryptoEngine

  private constructor(folder: string, disk: Disk, engine: CryptoEngine) {
    this.#folder = folder
    this.#disk = disk
    this.#engine = engine
  }

  static async open(folder: string, disk: Disk, engine: CryptoEngine): Promise<Checkpoints> {
    await disk.makeFolder(folder)
    return new Checkpoints(folder, disk, engine)
  }

  /** The checkpoint of a process of this module, not beyond `slotMax`. */
  async read(
    processId: string,
    moduleId: string,
    slotMax: number,
  ): Promise<Checkpoint | undefined> {
    const bytes = await this.#disk.read(this.#path(processId)).catch(() => undefined)
    const checkpoint = bytes && decodeCheckpoint(bytes, this.#engine)
    if (checkpoint?.processId !== processId || checkpoint.moduleId !== moduleId) return undefined
    return checkpoint.nextSlot <= slotMax ? checkpoint : undefined
  }

  /** Rejects with the disk's error; the older checkpoint is intact then. */
  async write(checkpoint: Checkpoint): Promise<void> {
    const bytes = encodeCheckpoint(checkpoint, this.#engine)
    await this.#disk.replace(this.#path(checkpoint.processId), bytes)
  }

  async remove(processId: string): Promise<void> {
    await this.#disk.remove(this.#path(processId))
  }

  /** Ids differ in letter case only at times, and some file systems do not see that. */
  #path(processId: string): string {
    return `${this.#folder}/${toHex(encodeText(processId))}.checkpoint`
  }
}
