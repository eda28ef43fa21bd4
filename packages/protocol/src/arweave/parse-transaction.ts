import { decodeBase64Url, encodeBase64Url } from '../base/index.ts'
import { transactionInvalid } from './errors.ts'
import { hashBytes, transactionLimits as limits } from './limits.ts'
import type { RawTag, Transaction, TransactionJson } from './transaction.ts'

type Fields = Readonly<Record<string, unknown>>

/**
 * Reads a transaction as posted (JSON already parsed). Unknown fields are ignored, every known one is
 * held to its form and its limit before it is decoded. Signatures and roots are checked by
 * `verifyTransaction`. Throws `transaction-invalid`.
 */
export function parseTransaction(json: unknown): Transaction {
  if (!isFields(json)) throw transactionInvalid('JSON', 'is not an object')
  const format = parseFormat(json.format)
  const denomination = json.denomination ?? '0'
  if (denomination !== '0' && denomination !== '' && denomination !== 0) {
    throw transactionInvalid('denomination', 'is not 0, the only one there is')
  }
  const data = parseBytes(json, 'data', 0, limits.inlineBytes)
  const dataSizeBytes = parseDataSize(json, format, data.length)
  const dataRoot = parseId(json, 'data_root')
  if (format === 2 && dataSizeBytes > 0 !== dataRoot.length > 0) {
    throw transactionInvalid('data_root', 'must be there if, and only if, data_size is above 0')
  }
  const id = parseBytes(json, 'id', hashBytes, hashBytes)
  return {
    format,
    id: encodeBase64Url(id),
    lastTx: parseBytes(json, 'last_tx', 0, limits.anchorBytes),
    owner: parseBytes(json, 'owner', 1, limits.keyBytes),
    tags: parseTags(json.tags ?? []),
    target: parseId(json, 'target'),
    quantity: parseAmount(json, 'quantity'),
    reward: parseAmount(json, 'reward'),
    dataSizeBytes,
    dataRoot,
    data,
    signature: parseBytes(json, 'signature', 1, limits.keyBytes),
  }
}

/** The form to post or to answer with; `data` is left out where `withData` is false. */
export function transactionToJson(transaction: Transaction, withData = true): TransactionJson {
  const text = encodeBase64Url
  return {
    format: transaction.format,
    id: transaction.id,
    last_tx: text(transaction.lastTx),
    owner: text(transaction.owner),
    tags: transaction.tags.map(({ name, value }) => ({ name: text(name), value: text(value) })),
    target: text(transaction.target),
    quantity: transaction.quantity,
    data: withData ? text(transaction.data) : '',
    data_size: String(transaction.dataSizeBytes),
    data_root: text(transaction.dataRoot),
    reward: transaction.reward,
    signature: text(transaction.signature),
  }
}

function isFields(value: unknown): value is Fields {
  return typeof value === 'object' && value !== null && !Array.isArray(value)
}

function parseFormat(value: unknown): 1 | 2 {
  if (value === 2 || value === '2') return 2
  if (value === 1 || value === '1' || value === undefined) return 1
  throw transactionInvalid('format', 'is neither 1 nor 2')
}

function parseDataSize(json: Fields, format: 1 | 2, inlineBytes: number): number {
  // Format 1 came without data_size, and older writers leave it at 0.
  const text = parseText(json.data_size ?? '0', 'data_size', 16)
  const size = /^(0|[1-9]\d*)$/.test(text) ? Number(text) : Number.NaN
  if (!Number.isSafeInteger(size)) {
    throw transactionInvalid('data_size', 'is not a whole number below 2^53 as digits')
  }
  const known = format === 1 && size === 0 ? inlineBytes : size
  if (inlineBytes > 0 ? known !== inlineBytes : format === 1 && known > 0) {
    throw transactionInvalid('data_size', `is ${known}, its data has ${inlineBytes} bytes`)
  }
  return known
}

function parseTags(value: unknown): RawTag[] {
  if (!Array.isArray(value)) throw transactionInvalid('tags', 'are not a list')
  if (value.length > limits.tags) {
    throw transactionInvalid('tags', `are ${value.length}, the limit is ${limits.tags}`)
  }
  let leftBytes = limits.tagBytes
  return value.map((tag: unknown) => {
    if (!isFields(tag)) throw transactionInvalid('tags', 'are not all objects of name and value')
    const name = parseTagPart(tag, 'name', leftBytes)
    const content = parseTagPart(tag, 'value', leftBytes - name.length)
    leftBytes -= name.length + content.length
    return { name, value: content }
  })
}

function parseTagPart(tag: Fields, part: 'name' | 'value', leftBytes: number): Uint8Array {
  const text = tag[part]
  if (typeof text !== 'string') throw transactionInvalid('tags', `lack the ${part} of one`)
  if (text.length > base64Length(leftBytes)) {
    throw transactionInvalid('tags', `take more than ${limits.tagBytes} bytes together`)
  }
  const bytes = decodeBase64Url(text)
  if (bytes === undefined) throw transactionInvalid('tags', `have a ${part} that is not base64url`)
  return bytes
}

function parseAmount(json: Fields, field: 'quantity' | 'reward'): string {
  const text = parseText(json[field] ?? '0', field, limits.amountDigits)
  // One amount, one text: the text is what is signed.
  if (/^(0|[1-9]\d*)$/.test(text)) return text
  throw transactionInvalid(field, 'is not a whole number of winston as digits')
}

/** 32 bytes, or none. */
function parseId(json: Fields, field: 'target' | 'data_root'): Uint8Array {
  const bytes = parseBytes(json, field, 0, hashBytes)
  if (bytes.length === 0 || bytes.length === hashBytes) return bytes
  throw transactionInvalid(field, `has ${bytes.length} bytes, not ${hashBytes} or none`)
}

function parseBytes(json: Fields, field: string, least: number, most: number): Uint8Array {
  const text = parseText(json[field] ?? '', field, base64Length(most))
  const bytes = decodeBase64Url(text)
  if (bytes === undefined) throw transactionInvalid(field, 'is not base64url without padding')
  if (bytes.length >= least) return bytes
  throw transactionInvalid(field, `has ${bytes.length} bytes, at least ${least} are needed`)
}

function parseText(value: unknown, field: string, most: number): string {
  // Some writers send numbers as numbers.
  const text = typeof value === 'number' ? String(value) : value
  if (typeof text !== 'string') throw transactionInvalid(field, 'is not text')
  if (text.length <= most) return text
  throw transactionInvalid(field, `has ${text.length} characters, the limit is ${most}`)
}

function base64Length(bytes: number): number {
  return Math.ceil((bytes * 4) / 3)
}
