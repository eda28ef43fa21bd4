import { decodeTextStrict } from '../../base/index.ts'
import { headerIncomplete, modelInvalid, modelTruncated, modelUnsupported } from '../errors.ts'

/** A value of the metadata; lists are of texts or of numbers. */
export type GgufValue = number | boolean | string | readonly string[] | Float64Array

export type GgufTensor = {
  readonly name: string
  /** ggml's number of the format. */
  readonly type: number
  /** Sizes, the fastest first: columns, rows. */
  readonly sizes: readonly number[]
  /** First byte, from the start of the file. */
  readonly offset: number
}

export type GgufHeader = {
  readonly values: ReadonlyMap<string, GgufValue>
  readonly tensors: ReadonlyMap<string, GgufTensor>
}

/** What a header may have at most. Every count is also held against the bytes that are left. */
export const ggufLimits = {
  headerBytes: 64 * 2 ** 20,
  values: 4096,
  tensors: 65_536,
  keyBytes: 4096,
  textBytes: 2 ** 20,
  listItems: 1_048_576,
  /** Items of all lists: vocabularies have four of them. A number takes 8 bytes here, 1 in the file. */
  itemsInAll: 4 * 1_048_576,
} as const

const tags = { bool: 7, text: 8, list: 9 } as const

type Cursor = {
  /** Moves on by `count` bytes and returns where they begin. */
  take(count: number): number
  readonly view: DataView
  readonly bytes: Uint8Array
  position(): number
}

function cursorOver(bytes: Uint8Array, fileBytes: number): Cursor {
  const view = new DataView(bytes.buffer, bytes.byteOffset, bytes.length)
  let at = 0
  const take = (count: number): number => {
    const start = at
    if (start + count > fileBytes) throw modelTruncated(start + count, fileBytes)
    if (start + count > bytes.length) throw headerIncomplete(bytes.length)
    at += count
    return start
  }
  return { take, view, bytes, position: () => at }
}

function readCount(cursor: Cursor, what: string, most: number): number {
  const count = cursor.view.getBigUint64(cursor.take(8), true)
  if (count > BigInt(most)) throw modelInvalid(`${what} is ${count}, ${most} at most`)
  return Number(count)
}

function readText(cursor: Cursor, what: string, most: number): string {
  const length = readCount(cursor, `the length of ${what}`, most)
  const start = cursor.take(length)
  const text = decodeTextStrict(cursor.bytes.subarray(start, start + length))
  if (text === undefined) throw modelInvalid(`${what} is not UTF-8`)
  return text
}

type NumberReader = { readonly bytes: number; read(view: DataView, at: number): number }

/** Readers of numbers by GGUF's type. */
const numberReaders: Readonly<Record<number, NumberReader>> = {
  0: { bytes: 1, read: (view, at) => view.getUint8(at) },
  1: { bytes: 1, read: (view, at) => view.getInt8(at) },
  2: { bytes: 2, read: (view, at) => view.getUint16(at, true) },
  3: { bytes: 2, read: (view, at) => view.getInt16(at, true) },
  4: { bytes: 4, read: (view, at) => view.getUint32(at, true) },
  5: { bytes: 4, read: (view, at) => view.getInt32(at, true) },
  6: { bytes: 4, read: (view, at) => view.getFloat32(at, true) },
  7: { bytes: 1, read: (view, at) => view.getUint8(at) },
  10: { bytes: 8, read: (view, at) => Number(view.getBigUint64(at, true)) },
  11: { bytes: 8, read: (view, at) => Number(view.getBigInt64(at, true)) },
  12: { bytes: 8, read: (view, at) => view.getFloat64(at, true) },
}

function readList(cursor: Cursor, key: string): GgufValue {
  const type = cursor.view.getUint32(cursor.take(4), true)
  const count = readCount(cursor, `the length of ${key}`, ggufLimits.listItems)
  if (type === tags.text) {
    const texts: string[] = []
    for (let i = 0; i < count; i++) texts.push(readText(cursor, key, ggufLimits.textBytes))
    return texts
  }
  const reader = numberReaders[type]
  if (reader === undefined) throw modelInvalid(`${key} is a list of unknown type ${type}`)
  const start = cursor.take(count * reader.bytes)
  return Float64Array.from({ length: count }, (_, i) =>
    reader.read(cursor.view, start + i * reader.bytes),
  )
}

function readValue(cursor: Cursor, key: string): GgufValue {
  const type = cursor.view.getUint32(cursor.take(4), true)
  if (type === tags.text) return readText(cursor, key, ggufLimits.textBytes)
  if (type === tags.list) return readList(cursor, key)
  const reader = numberReaders[type]
  if (reader === undefined) throw modelInvalid(`${key} has unknown type ${type}`)
  const value = reader.read(cursor.view, cursor.take(reader.bytes))
  return type === tags.bool ? value !== 0 : value
}

function readValues(cursor: Cursor, count: number): Map<string, GgufValue> {
  const values = new Map<string, GgufValue>()
  let items = 0
  for (let i = 0; i < count; i++) {
    const key = readText(cursor, 'a metadata key', ggufLimits.keyBytes)
    if (values.has(key)) throw modelInvalid(`${key} is there twice`)
    const value = readValue(cursor, key)
    if (typeof value === 'object') items += value.length
    if (items > ggufLimits.itemsInAll) {
      throw modelInvalid(
        `its lists have ${items} items by ${key}, ${ggufLimits.itemsInAll} at most`,
      )
    }
    values.set(key, value)
  }
  return values
}

function readTensor(cursor: Cursor): GgufTensor {
  const name = readText(cursor, 'the name of a tensor', ggufLimits.keyBytes)
  const count = cursor.view.getUint32(cursor.take(4), true)
  if (count < 1 || count > 4) throw modelInvalid(`tensor ${name} has ${count} dimensions`)
  const sizes = Array.from({ length: count }, () => readCount(cursor, `a size of ${name}`, 2 ** 31))
  const type = cursor.view.getUint32(cursor.take(4), true)
  const offset = readCount(cursor, `the offset of ${name}`, Number.MAX_SAFE_INTEGER)
  return { name, type, sizes, offset }
}

/**
 * Reads the header of a GGUF file (version 2 or 3, little-endian). `bytes` is the beginning of a
 * file of `fileBytes`. Throws `model-header-incomplete` where more of the file is needed, `model-
 * truncated` where there is no more, `model-invalid` otherwise. Tensors may still lie beyond the
 * file.
 */
export function readGguf(bytes: Uint8Array, fileBytes: number): GgufHeader {
  const cursor = cursorOver(bytes, fileBytes)
  if (cursor.view.getUint32(cursor.take(4), true) !== 0x46554747) {
    throw modelInvalid('it does not begin with GGUF')
  }
  const version = cursor.view.getUint32(cursor.take(4), true)
  if (version !== 2 && version !== 3) throw modelUnsupported(`GGUF version ${version}, not 2 or 3`)
  const tensorCount = readCount(cursor, 'the number of tensors', ggufLimits.tensors)
  const valueCount = readCount(cursor, 'the number of metadata values', ggufLimits.values)
  const values = readValues(cursor, valueCount)
  const relative = Array.from({ length: tensorCount }, () => readTensor(cursor))
  const alignment = values.get('general.alignment') ?? 32
  if (typeof alignment !== 'number' || !(alignment >= 8 && alignment <= 65_536)) {
    throw modelInvalid(`general.alignment is ${String(alignment)}`)
  }
  if (alignment % 8 !== 0) throw modelInvalid(`general.alignment is ${alignment}`)
  const base = Math.ceil(cursor.position() / alignment) * alignment
  const tensors = new Map<string, GgufTensor>()
  for (const tensor of relative) {
    if (tensors.has(tensor.name)) throw modelInvalid(`tensor ${tensor.name} is there twice`)
    tensors.set(tensor.name, { ...tensor, offset: base + tensor.offset })
  }
  return { values, tensors }
}
