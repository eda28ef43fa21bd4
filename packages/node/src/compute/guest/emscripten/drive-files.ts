import { isHeddleError } from '@heddle/protocol/base'
import { gasTable, weaveDrive } from '@heddle/protocol/params'
import { parseDrivePath } from '../../weave-drive/path.ts'
import { driveLimit } from '../errors.ts'
import type { Drive, DriveFile } from '../ports.ts'
import { endGuest, type Host, memoryBytes, type OpenFiles, touch } from './host.ts'

type OpenFile = {
  readonly file: DriveFile
  /** The window at hand. */
  window: number
  bytes: Uint8Array
  position: number
  /** Where reading goes on after the end was sought only to learn the size; see `seek`. */
  resumeAt: number | undefined
}

/** The first descriptor after the terminal's three. */
const firstDescriptor = 3
const whences = { set: 0, current: 1, end: 2 }

/**
 * The files one message has open. They end with it: what a guest reads is a function of its memory, the
 * message and the log, however long its instance has lived.
 */
export class DriveFiles implements OpenFiles {
  readonly opensWritable = false
  readonly #drive: Drive
  readonly #slot: number
  readonly #open = new Map<number, OpenFile>()
  #opened = 0
  #fetched = 0

  constructor(drive: Drive, slot: number) {
    this.#drive = drive
    this.#slot = slot
  }

  has(descriptor: number): boolean {
    return this.#open.has(descriptor)
  }

  isWritable(): boolean {
    return false
  }

  write(): void {}

  open(host: Host, path: string, writes: boolean): number | undefined {
    if (writes || parseDrivePath(path) === undefined) return undefined
    // Before anybody is asked: what runs out of gas does so whether the file is here or not.
    host.meter?.charge(weaveDrive.openGas)
    const file = ending(host, () => {
      if (this.#opened >= weaveDrive.opensMax)
        throw driveLimit(`opens more than ${weaveDrive.opensMax} files in one message`)
      return this.#drive.open(path, this.#slot)
    })
    const descriptor = firstDescriptor + this.#opened++
    const start = { window: 0, bytes: file.first, position: 0, resumeAt: undefined }
    this.#open.set(descriptor, { file, ...start })
    return descriptor
  }

  read(host: Host, descriptor: number, at: number, length: number): number {
    const open = this.#open.get(descriptor)
    if (open === undefined) return 0
    open.position = open.resumeAt ?? open.position
    open.resumeAt = undefined
    const end = Math.min(open.file.sizeBytes, open.position + length)
    const memory = memoryBytes(host)
    if (at + length > memory.length) throw new RangeError('a buffer leaves the memory')
    const from = open.position
    touch(host, at, end - from)
    while (open.position < end) {
      const bytes = this.#windowAt(host, open)
      const offset = open.position % weaveDrive.windowBytes
      const part = bytes.subarray(offset, offset + end - open.position)
      host.meter?.charge(part.length / gasTable.bulkBytesPerGas)
      memory.set(part, at + open.position - from)
      open.position += part.length
    }
    return open.position - from
  }

  /**
   * Programs ask for the size by seeking the end, and
   * then read without going back, as the reference's drive reads from the start whatever was sought: so the
   * first read after it goes on where the file was before.
   */
  seek(_host: Host, descriptor: number, offset: number, whence: number): number | undefined {
    const open = this.#open.get(descriptor)
    if (open === undefined) return undefined
    const { sizeBytes } = open.file
    if (whence === whences.current && offset === 0) return open.position
    const bases = [0, open.position, sizeBytes]
    const position = (bases[whence] ?? Number.NaN) + offset
    if (!Number.isSafeInteger(position) || position < 0) return undefined
    const isQuestion = whence === whences.end && offset === 0
    open.resumeAt = isQuestion ? (open.resumeAt ?? open.position) : undefined
    open.position = position
    return position
  }

  close(descriptor: number): boolean {
    return this.#open.delete(descriptor)
  }

  #windowAt(host: Host, open: OpenFile): Uint8Array {
    const window = Math.floor(open.position / weaveDrive.windowBytes)
    if (window === open.window) return open.bytes
    host.meter?.charge(weaveDrive.windowGas)
    open.bytes = ending(host, () => {
      if (this.#fetched++ >= weaveDrive.windowsMax)
        throw driveLimit(`reads more than ${weaveDrive.windowsMax} windows of files in one message`)
      return open.file.read(window)
    })
    open.window = window
    return open.bytes
  }
}

/** What a drive throws ends the guest, even where it would catch it. */
function ending<Value>(host: Host, ask: () => Value): Value {
  try {
    return ask()
  } catch (error) {
    throw isHeddleError(error) ? endGuest(host, error) : error
  }
}
