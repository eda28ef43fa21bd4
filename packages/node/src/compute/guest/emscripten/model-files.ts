import { modelCalls } from '@heddle/protocol/params'
import type { ModelCalls } from '../../model-calls/model-calls.ts'
import { type Host, memoryBytes, type OpenFiles, touch } from './host.ts'

type OpenModel = {
  /** The model that the path names. */
  readonly name: string | undefined
  /** What was written since the last answer. */
  readonly request: Uint8Array[]
  requestBytes: number
  answer: Uint8Array
  position: number
  /** Where reading goes on after the end was sought only to learn the size; see `DriveFiles`. */
  resumeAt: number | undefined
}

/** Above those of a drive, so that the two never meet. */
const firstDescriptor = 1024
/** More than any request may have, whatever its characters: what is cut off is refused. */
const keptBytesMax = 4 * modelCalls.requestLength
const whences = { set: 0, current: 1, end: 2 }

/**
 * Models as files, for modules whose imports are fixed: what is written to `/model/ID` is a
 * request, what is read then is its answer, JSON both. `/model` is the first model that the process
 * names. Files end with their message.
 */
export class ModelFiles implements OpenFiles {
  readonly opensWritable = true
  readonly #calls: ModelCalls
  readonly #open = new Map<number, OpenModel>()
  #opened = 0

  constructor(calls: ModelCalls) {
    this.#calls = calls
  }

  has(descriptor: number): boolean {
    return this.#open.has(descriptor)
  }

  isWritable(descriptor: number): boolean {
    return this.#open.has(descriptor)
  }

  open(_host: Host, path: string): number | undefined {
    const [, name] = /^\/model(?:\/([\w-]{1,64}))?$/.exec(path) ?? [undefined, null]
    if (name === null || this.#opened >= modelCalls.callsPerMessage) return undefined
    const descriptor = firstDescriptor + this.#opened++
    const empty = { request: [], requestBytes: 0, answer: new Uint8Array(0) }
    this.#open.set(descriptor, { name, ...empty, position: 0, resumeAt: undefined })
    return descriptor
  }

  write(descriptor: number, bytes: Uint8Array): void {
    const open = this.#open.get(descriptor)
    if (open === undefined) return
    const room = Math.max(0, keptBytesMax - open.requestBytes)
    const part = bytes.slice(0, room)
    if (part.length === 0) return
    open.request.push(part)
    open.requestBytes += part.length
  }

  read(host: Host, descriptor: number, at: number, length: number): number {
    const open = this.#open.get(descriptor)
    if (open === undefined) return 0
    this.#settle(host, open)
    open.position = open.resumeAt ?? open.position
    open.resumeAt = undefined
    const memory = memoryBytes(host)
    if (at + length > memory.length) throw new RangeError('a buffer leaves the memory')
    const part = open.answer.subarray(open.position, open.position + length)
    touch(host, at, part.length)
    memory.set(part, at)
    open.position += part.length
    return part.length
  }

  seek(host: Host, descriptor: number, offset: number, whence: number): number | undefined {
    const open = this.#open.get(descriptor)
    if (open === undefined) return undefined
    if (whence === whences.current && offset === 0) return open.position
    this.#settle(host, open)
    const bases = [0, open.position, open.answer.length]
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

  /** Puts what was written to the model; it is paid for like gas of the module itself. */
  #settle({ meter }: Host, open: OpenModel): void {
    if (open.request.length === 0) return
    const request = Buffer.concat(open.request.splice(0)).toString('utf8')
    open.requestBytes = 0
    const left = meter?.gasLeft ?? Number.MAX_SAFE_INTEGER
    const gasMax = Math.floor(left / modelCalls.unitsPerGas)
    const { text, gasUsed, isSpent } = this.#calls.call(request, gasMax, open.name)
    meter?.charge(isSpent ? left + 1 : gasUsed * modelCalls.unitsPerGas)
    open.answer = Buffer.from(text)
    open.position = 0
    open.resumeAt = undefined
  }
}

/** Files of several kinds as one; undefined where there are none. */
export function joinFiles(all: readonly OpenFiles[]): OpenFiles | undefined {
  if (all.length < 2) return all[0]
  const holderOf = (descriptor: number) => all.find((files) => files.has(descriptor))
  return {
    opensWritable: all.some(({ opensWritable }) => opensWritable),
    has: (descriptor) => holderOf(descriptor) !== undefined,
    isWritable: (descriptor) => holderOf(descriptor)?.isWritable(descriptor) === true,
    open: (host, path, writes) => {
      for (const files of all) {
        const opened = files.open(host, path, writes)
        if (opened !== undefined) return opened
      }
      return undefined
    },
    write: (descriptor, bytes) => holderOf(descriptor)?.write(descriptor, bytes),
    read: (host, descriptor, at, length) =>
      holderOf(descriptor)?.read(host, descriptor, at, length) ?? 0,
    seek: (host, descriptor, offset, whence) =>
      holderOf(descriptor)?.seek(host, descriptor, offset, whence),
    close: (descriptor) => holderOf(descriptor)?.close(descriptor) === true,
  }
}
