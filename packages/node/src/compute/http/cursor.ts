import { requestInvalid } from '../errors.ts'

/**
 * Where a reader of results is: base64 of JSON `{timestamp, ordinate, cron, sort}`, as AO clients
 * expect it, for they read `ordinate` out of it.
 */
export type Cursor = {
  readonly timestamp?: number | undefined
  /** The slot. */
  readonly ordinate?: number | undefined
  readonly sort?: Sort | undefined
}

export type Sort = 'ASC' | 'DESC'

/** Longest cursor taken; a real one has about 100 characters. */
const cursorLengthMax = 1024

export function encodeCursor(
  timestampMs: number,
  slot: number,
  cron: string | undefined,
  sort: Sort,
): string {
  const ordinate = String(slot)
  // Undefined keys are dropped by JSON.
  return btoa(JSON.stringify({ timestamp: timestampMs, ordinate, cron, sort }))
}

/** Reads a cursor, or a bare timestamp in ms. Throws `request-invalid`. */
export function decodeCursor(name: string, text: string | null): Cursor | undefined {
  if (text === null || text === '') return undefined
  if (/^\d{1,16}$/.test(text)) return { timestamp: Number(text) }
  // A `+` that was not escaped in the URL arrives as a space.
  const fields = text.length > cursorLengthMax ? undefined : parse(text.replaceAll(' ', '+'))
  if (fields === undefined) {
    throw requestInvalid(`${name} must be a cursor of an earlier page or a timestamp in ms`)
  }
  const { sort } = fields
  return {
    timestamp: wholeNumber(fields.timestamp),
    ordinate: wholeNumber(fields.ordinate),
    sort: sort === 'ASC' || sort === 'DESC' ? sort : undefined,
  }
}

type Fields = {
  readonly timestamp?: unknown
  readonly ordinate?: unknown
  readonly sort?: unknown
}

function parse(text: string): Fields | undefined {
  try {
    const value: unknown = JSON.parse(atob(text))
    return typeof value === 'object' && value !== null ? value : undefined
  } catch {
    return undefined
  }
}

function wholeNumber(value: unknown): number | undefined {
  const number = typeof value === 'string' && value !== '' ? Number(value) : value
  return typeof number === 'number' && Number.isSafeInteger(number) && number >= 0
    ? number
    : undefined
}
