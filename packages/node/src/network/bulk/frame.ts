import {
  decodeText,
  type ErrorKind,
  encodeText,
  errorMessage,
  HeddleError,
} from '@heddle/protocol/base'

/**
 * A frame is a header of 16 bytes, meta and body. Header, little-endian: u8 type, u8 zero, u16 kind, u32
 * id, u32 bytes of meta, u32 bytes of body. Kind belongs to who uses the lane; replies repeat it.
 */
export type FrameHeader = {
  readonly type: FrameType
  readonly kind: number
  readonly id: number
  readonly metaBytes: number
  readonly bodyBytes: number
}

/** A refusal carries an error as JSON in meta; a cancel says that nobody waits any more. */
export const frameTypes = { request: 1, reply: 2, refusal: 3, cancel: 4 } as const
export type FrameType = (typeof frameTypes)[keyof typeof frameTypes]

export const headerBytes = 16
const refusalTextMax = 2048
const kinds: readonly ErrorKind[] = [
  'invalid',
  'denied',
  'missing',
  'conflict',
  'exhausted',
  'unavailable',
  'internal',
]

export function encodeHeader(header: FrameHeader): Uint8Array {
  const bytes = new Uint8Array(headerBytes)
  const view = new DataView(bytes.buffer)
  view.setUint8(0, header.type)
  view.setUint16(2, header.kind, true)
  view.setUint32(4, header.id, true)
  view.setUint32(8, header.metaBytes, true)
  view.setUint32(12, header.bodyBytes, true)
  return bytes
}

/** The header in these 16 bytes, or why there is none. */
export function decodeHeader(bytes: Uint8Array): FrameHeader | string {
  const view = new DataView(bytes.buffer, bytes.byteOffset, bytes.length)
  const type = Object.values(frameTypes).find((known) => known === view.getUint8(0))
  if (type === undefined) return `type ${view.getUint8(0)}`
  if (view.getUint8(1) !== 0) return 'a reserved byte that is not zero'
  return {
    type,
    kind: view.getUint16(2, true),
    id: view.getUint32(4, true),
    metaBytes: view.getUint32(8, true),
    bodyBytes: view.getUint32(12, true),
  }
}

/** An error as a refusal's meta. What is not a HeddleError stays here: it may hold paths or input. */
export function encodeRefusal(error: unknown): Uint8Array {
  const isOurs = error instanceof HeddleError
  const told = isOurs
    ? { code: error.code, kind: error.kind, message: error.message.slice(0, refusalTextMax) }
    : { code: 'internal', kind: 'internal', message: 'internal error: its log has the cause.' }
  return encodeText(JSON.stringify(told))
}

/** The error a peer refused with; whatever it sent, it becomes one. */
export function decodeRefusal(meta: Uint8Array, peer: string): HeddleError {
  const told = parseRefusal(meta)
  const { code, kind, message } = told
  const known = kinds.find((each) => each === kind)
  const isTold = typeof code === 'string' && /^[a-z0-9-]{1,64}$/.test(code)
  if (!isTold || known === undefined || typeof message !== 'string') {
    const text = `bulk peer ${peer} refused and did not say why.`
    return new HeddleError('bulk-refused', 'unavailable', text, { peer })
  }
  return new HeddleError(code, known, message.slice(0, refusalTextMax), { peer })
}

function parseRefusal(meta: Uint8Array): Record<string, unknown> {
  try {
    const value: unknown = JSON.parse(decodeText(meta))
    return typeof value === 'object' && value !== null ? { ...value } : {}
  } catch (error) {
    return { message: errorMessage(error) }
  }
}
