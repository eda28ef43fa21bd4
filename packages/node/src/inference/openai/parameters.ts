import { decodeTextStrict } from '@heddle/protocol/base'
import { checkSampling, greedy } from '@heddle/protocol/model'
import type { Random } from '../../runtime/index.ts'
import type { AnswerRequest } from '../answer/answer.ts'
import type { ServiceOptions } from '../service/options.ts'
import { parameterInvalid } from './errors.ts'

export type Fields = Readonly<Record<string, unknown>>

export function isObject(value: unknown): value is Fields {
  return typeof value === 'object' && value !== null && !Array.isArray(value)
}

/** The JSON object of a body. */
export function readBody(body: Uint8Array): Fields {
  try {
    const value: unknown = JSON.parse(decodeTextStrict(body) ?? '')
    if (isObject(value)) return value
  } catch {
    // told below
  }
  throw parameterInvalid('body', 'send a JSON object')
}

/** A field as a number within bounds; absent and null are `fallback`. */
function numberOf(
  fields: Fields,
  name: string,
  [least, most]: readonly [number, number],
  fallback: number,
): number {
  const value = fields[name]
  if (value === undefined || value === null) return fallback
  if (typeof value === 'number' && value >= least && value <= most) return value
  throw parameterInvalid(name, `must be a number from ${least} to ${most}`)
}

function wholeOf(fields: Fields, name: string, most: number, fallback: number): number {
  const value = numberOf(fields, name, [0, most], fallback)
  if (Number.isInteger(value)) return value
  throw parameterInvalid(name, 'must be a whole number')
}

/** Fields that would change the answer and are not done here are refused, not ignored. */
const unsupported: Readonly<Record<string, readonly unknown[]>> = {
  n: [1],
  best_of: [1],
  echo: [false],
  suffix: [''],
  logprobs: [false, 0],
  top_logprobs: [0],
  frequency_penalty: [0],
  presence_penalty: [0],
  logit_bias: [],
  functions: [],
}

function checkSupported(fields: Fields): void {
  for (const [name, neutral] of Object.entries(unsupported)) {
    const value = fields[name]
    const isEmpty = isObject(value) && Object.keys(value).length === 0
    if (value === undefined || value === null || neutral.includes(value) || isEmpty) continue
    throw parameterInvalid(name, 'is not supported here: leave it out')
  }
  const format = fields.response_format
  if (isObject(format) && format.type !== 'text') {
    throw parameterInvalid('response_format', 'only text is supported')
  }
}

/** Whether the answer is to come piece by piece. */
export function wantsStream({ stream }: Fields): boolean {
  if (stream === undefined || stream === null) return false
  if (typeof stream === 'boolean') return stream
  throw parameterInvalid('stream', 'must be true or false')
}

function stopsOf({ stop }: Fields): string[] {
  if (stop === undefined || stop === null) return []
  const list = Array.isArray(stop) ? stop : [stop]
  if (list.every((each) => typeof each === 'string')) return list as string[]
  throw parameterInvalid('stop', 'must be a text or a list of texts')
}

/** 53 bits of chance: what a seed may be. */
function randomSeed(random: Random): number {
  const bytes = random.bytes(8)
  const view = new DataView(bytes.buffer, bytes.byteOffset, 8)
  return Number(view.getBigUint64(0) >> 11n)
}

/**
 * What both kinds of completion share. A seed that is not given is drawn, and is in the receipt, so that
 * every answer can be replayed.
 */
export function readAnswerRequest(
  fields: Fields,
  options: Pick<ServiceOptions, 'tokensMax' | 'tokensDefault'>,
  random: Random,
): Omit<AnswerRequest, 'prompt'> {
  checkSupported(fields)
  const { tokensMax, tokensDefault } = options
  const asked = fields.max_completion_tokens === undefined ? 'max_tokens' : 'max_completion_tokens'
  const wanted = wholeOf(fields, asked, Number.MAX_SAFE_INTEGER, tokensDefault)
  if (wanted < 1) throw parameterInvalid(asked, 'must be at least 1')
  const sampling = {
    temperature: numberOf(fields, 'temperature', [0, 2], 1),
    topP: numberOf(fields, 'top_p', [0, 1], 1),
    seed: wholeOf(fields, 'seed', Number.MAX_SAFE_INTEGER, randomSeed(random)),
  }
  return {
    // Without temperature nothing is drawn: one question, one receipt.
    sampling: sampling.temperature === 0 ? greedy : checkSampling(sampling),
    stops: stopsOf(fields),
    tokensMax: Math.min(wanted, tokensMax),
  }
}

export function modelName({ model }: Fields): string {
  if (typeof model === 'string' && model !== '') return model
  throw parameterInvalid('model', 'name a model: GET /v1/models lists them')
}
