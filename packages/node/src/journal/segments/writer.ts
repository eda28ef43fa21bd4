import { join } from 'node:path'
import { crc32 } from 'node:zlib'
import { isHeddleError } from '@heddle/protocol/base'
import type { File, Runtime } from '../../runtime/index.ts'
import { diskError, journalCorrupt } from '../errors.ts'
import {
  encodeGroupHead,
  encodeSegmentHead,
  framesCrc,
  groupHeadBytes,
  groupMark,
  readGroupHead,
  saltBytes,
  segmentHeadBytes,
  segmentName,
} from './format.ts'

/** Where the journal goes on: what is known to be durable. */
export type WriterState = {
  /** Number of the newest segment; 0 before there is one. */
  segment: number
  /** The next group begins a new segment. */
  isClosed: boolean
  salt: Uint8Array
  /** Its durable length. */
  end: number
  /** Sequence of the next group. */
  sequence: number
  /** Where its last group starts. */
  lastGroup: number | undefined
  /** The last group is empty: the journal was closed in order. */
  isSealed: boolean
}

export function emptyState(): WriterState {
  const salt = new Uint8Array(saltBytes)
  const segment = { segment: 0, isClosed: true, salt, end: 0 }
  return { ...segment, sequence: 1, lastGroup: undefined, isSealed: true }
}

export type Placement = {
  readonly segment: number
  /** Where the group's first frame starts. */
  readonly offset: number
}

/**
 * The end of the journal: one group at a time becomes durable, or nothing of it stays.
 *
 * After a failed fdatasync the page cache must not be trusted: Linux marks the pages clean although
 * they never reached the disk, so a second fdatasync "succeeds" (Rebello et al., "Can Applications
 * Recover from fsync Failures?", USENIX ATC 2020; PostgreSQL's fsyncgate, 2018). A failed group is
 * therefore never synced again. It is cut off, through a fresh handle; the group before it, which
 * shares a page with it, is checked and written again; only a successful fdatasync of both makes
 * the segment usable. Until then each write tries that first and is refused if it fails.
 */
export class SegmentWriter {
  readonly #runtime: Pick<Runtime, 'disk' | 'random'>
  readonly #folder: string
  readonly #segmentBytes: number
  readonly #state: WriterState
  #file: File | undefined
  #needsRepair: boolean
  #needsSegment: boolean

  constructor(
    runtime: Pick<Runtime, 'disk' | 'random'>,
    folder: string,
    segmentBytes: number,
    state: WriterState,
  ) {
    this.#runtime = runtime
    this.#folder = folder
    this.#segmentBytes = segmentBytes
    this.#state = state
    this.#needsRepair = state.segment > 0
    this.#needsSegment = state.isClosed
  }

  /** Makes the segment ready: cuts off what is behind its end and settles its last group. */
  async prepare(): Promise<void> {
    await this.#guard(async () => {
      try {
        if (this.#needsRepair) await this.#repair()
        if (this.#needsSegment) await this.#beginSegment()
      } catch (error) {
        await this.#file?.close().catch(() => {})
        throw error
      }
    })
  }

  /** Writes the frames as one group. Rejects with `disk-full` or `disk-failed`: nothing stays. */
  async write(frames: readonly Uint8Array[]): Promise<Placement> {
    let bodyBytes = 0
    for (const frame of frames) bodyBytes += frame.length
    const groupBytes = groupHeadBytes + bodyBytes
    return await this.#guard(async () => {
      if (this.#needsRepair) await this.#repair()
      const { end } = this.#state
      // Once begun, the next segment must stand before anything else: its file may be there by
      // half, and a group in this segment would then stand where that file's head forbids it.
      if (end > segmentHeadBytes && end + groupBytes > this.#segmentBytes) this.#needsSegment = true
      if (this.#needsSegment) await this.#beginSegment()
      return await this.#writeGroup(frames, bodyBytes)
    })
  }

  /** Ends with an empty group: damage before it can then be told from a torn tail. */
  async close(): Promise<void> {
    try {
      if (!this.#state.isSealed) await this.write([])
    } catch {
      // All that was acknowledged is durable without the seal; only that distinction is lost.
    }
    await this.#file?.close()
    this.#file = undefined
  }

  async #writeGroup(frames: readonly Uint8Array[], bodyBytes: number): Promise<Placement> {
    const state = this.#state
    const file = await this.#open()
    const head = { sequence: state.sequence, bodyBytes, bodyCrc: framesCrc(frames) }
    this.#needsRepair = true
    try {
      await file.writeDurably([encodeGroupHead(state.salt, head), ...frames], state.end)
    } catch (error) {
      // Leave nothing behind at once if the disk allows it, else before the next write.
      await this.#repair().catch(() => {})
      throw error
    }
    this.#needsRepair = false
    const offset = state.end + groupHeadBytes
    state.lastGroup = state.end
    state.end = offset + bodyBytes
    state.sequence++
    state.isSealed = bodyBytes === 0
    return { segment: state.segment, offset }
  }

  async #beginSegment(): Promise<void> {
    const { disk, random } = this.#runtime
    const number = this.#state.segment + 1
    const salt = random.bytes(saltBytes)
    const file = await disk.open(join(this.#folder, segmentName(number)))
    try {
      await file.truncate(0)
      const { sequence } = this.#state
      await file.write([encodeSegmentHead({ number, sequence, salt })], 0)
      await file.sync()
      await disk.syncFolder(this.#folder)
    } catch (error) {
      await file.close().catch(() => {})
      throw error
    }
    const previous = this.#file
    this.#file = file
    this.#needsSegment = false
    Object.assign(this.#state, { segment: number, salt, end: segmentHeadBytes })
    this.#state.lastGroup = undefined
    // All of it is durable: an error of its close changes nothing.
    await previous?.close().catch(() => {})
  }

  async #repair(): Promise<void> {
    const { segment, salt, sequence, end, lastGroup } = this.#state
    await this.#file?.close().catch(() => {})
    this.#file = undefined
    const file = await this.#open()
    if ((await file.sizeBytes()) > end) await file.truncate(end)
    if (lastGroup !== undefined) await this.#settleGroup(file, lastGroup, end)
    else await file.write([encodeSegmentHead({ number: segment, sequence, salt })], 0)
    await file.sync()
    this.#needsRepair = false
  }

  /** Writes a group over itself, so that the next fdatasync covers it whatever failed before. */
  async #settleGroup(file: File, start: number, end: number): Promise<void> {
    const bytes = Buffer.allocUnsafe(end - start)
    const filled = await file.read(bytes, start)
    const head = readGroupHead(bytes, 0, groupMark(this.#state.salt))
    const isWhole =
      filled === bytes.length && head?.bodyCrc === crc32(bytes.subarray(groupHeadBytes))
    if (!isWhole) throw journalCorrupt(this.#path(), start, 'the last group does not read back')
    await file.write([bytes], start)
  }

  async #open(): Promise<File> {
    this.#file ??= await this.#runtime.disk.open(this.#path())
    return this.#file
  }

  async #guard<T>(run: () => Promise<T>): Promise<T> {
    try {
      return await run()
    } catch (error) {
      if (isHeddleError(error)) throw error
      throw diskError(this.#path(), error)
    }
  }

  #path(): string {
    return join(this.#folder, segmentName(this.#state.segment))
  }
}
