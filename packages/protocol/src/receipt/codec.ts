import {
  decodeBase64Url,
  decodeTextStrict,
  encodeBase64Url,
  encodeText,
  isHeddleError,
} from '../base/index.ts'
import { checkSampling, type Sampling } from '../model/index.ts'
import { promptDigest } from './digest.ts'
import { receiptInvalid, receiptMismatch } from './errors.ts'
import { type Finish, linkBytes, type Receipt, receiptLimits, type Sha256 } from './receipt.ts'

/** Canonical bytes of a receipt: JSON, these fields in this order, no space. Its id is their SHA-256. */
export function writeReceipt(receipt: Receipt): Uint8Array {
  const { temperature, topP, seed } = receipt.sampling
  const text = JSON.stringify({
    version: receipt.version,
    kernel: receipt.kernel,
    model: receipt.model,
    precision: receipt.precision,
    group: receipt.group,
    context: receipt.context,
    tokenizer: receipt.tokenizer,
    promptHash: receipt.promptHash,
    prompt: receipt.prompt,
    sampling: { temperature, topP, seed },
    stops: receipt.stops,
    tokensMax: receipt.tokensMax,
    tokens: receipt.tokens,
    finish: receipt.finish,
    gasUsed: receipt.gasUsed,
    links: encodeBase64Url(receipt.links),
  })
  return encodeText(text)
}

type Fields = Readonly<Record<string, unknown>>

function readFields(bytes: Uint8Array): Fields {
  if (bytes.length > receiptLimits.bytes) {
    throw receiptInvalid(`${bytes.length} bytes, at most ${receiptLimits.bytes} are read`)
  }
  try {
    const value: unknown = JSON.parse(decodeTextStrict(bytes) ?? '')
    if (typeof value === 'object' && value !== null && !Array.isArray(value)) return value as Fields
  } catch {
    // told below
  }
  throw receiptInvalid('it is not a JSON object')
}

function wholeOf(fields: Fields, name: string, most: number): number {
  const value = fields[name]
  if (Number.isSafeInteger(value) && Number(value) >= 0 && Number(value) <= most) {
    return Number(value)
  }
  throw receiptInvalid(`${name} must be a whole number up to ${most}`)
}

function tokensOf(fields: Fields, name: string): number[] {
  const value = fields[name]
  const isList = Array.isArray(value) && value.length <= receiptLimits.tokens
  const isToken = (each: unknown) => Number.isInteger(each) && Number(each) >= 0
  if (isList && value.every((each) => isToken(each) && each < 2 ** 32)) return value as number[]
  throw receiptInvalid(`${name} must be a list of tokens`)
}

function digestOf(fields: Fields, name: string): string {
  const value = fields[name]
  if (typeof value === 'string' && decodeBase64Url(value)?.length === linkBytes) return value
  throw receiptInvalid(`${name} must be a digest of 32 bytes in base64url`)
}

function stopsOf(fields: Fields): string[] {
  const { stops } = fields
  const { stopLength } = receiptLimits
  const isStop = (each: unknown) => typeof each === 'string' && each.length <= stopLength
  const fits = Array.isArray(stops) && stops.length <= receiptLimits.stops
  if (fits && stops.every((each) => isStop(each) && each !== '')) return stops as string[]
  throw receiptInvalid('stops must be a list of texts')
}

function samplingOf(fields: Fields): Sampling {
  const given = fields.sampling
  if (typeof given !== 'object' || given === null) throw receiptInvalid('it has no sampling')
  const { temperature, topP, seed } = given as Sampling
  try {
    return checkSampling({ temperature, topP, seed })
  } catch (error) {
    throw receiptInvalid(isHeddleError(error) ? error.message : 'its sampling is malformed')
  }
}

function oneOf<T extends string>(fields: Fields, name: string, allowed: readonly T[]): T {
  const value = allowed.find((each) => each === fields[name])
  if (value !== undefined) return value
  throw receiptInvalid(`${name} must be one of ${allowed.join(', ')}`)
}

/**
 * Reads a receipt. What it claims of an answer is not checked here, only that it hangs together: throws
 * `receipt-invalid`, or `receipt-prompt-mismatch` where the prompt is not that of its hash.
 */
export function readReceipt(bytes: Uint8Array, sha256: Sha256): Receipt {
  const fields = readFields(bytes)
  if (fields.version !== 1) throw receiptInvalid('its version is not 1')
  const prompt = tokensOf(fields, 'prompt')
  const tokens = tokensOf(fields, 'tokens')
  const links = typeof fields.links === 'string' ? decodeBase64Url(fields.links) : undefined
  if (links?.length !== tokens.length * linkBytes) {
    throw receiptInvalid(`links must be one digest for each of the ${tokens.length} tokens`)
  }
  if (prompt.length === 0) throw receiptInvalid('its prompt is empty')
  const promptHash = digestOf(fields, 'promptHash')
  const actual = encodeBase64Url(promptDigest(prompt, sha256))
  if (actual !== promptHash) throw receiptMismatch('prompt', promptHash, actual)
  return {
    version: 1,
    kernel: digestOf(fields, 'kernel'),
    model: digestOf(fields, 'model'),
    precision: oneOf(fields, 'precision', ['f32', 'int8']),
    group: wholeOf(fields, 'group', 1024),
    context: wholeOf(fields, 'context', receiptLimits.tokens),
    tokenizer: digestOf(fields, 'tokenizer'),
    promptHash,
    prompt,
    sampling: samplingOf(fields),
    stops: stopsOf(fields),
    tokensMax: wholeOf(fields, 'tokensMax', receiptLimits.tokens),
    tokens,
    finish: oneOf<Finish>(fields, 'finish', ['end', 'stop', 'length']),
    gasUsed: wholeOf(fields, 'gasUsed', Number.MAX_SAFE_INTEGER),
    links,
  }
}
