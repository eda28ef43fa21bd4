import { assert, decodeBase64Url, encodeText } from '../base/index.ts'
import { canonicalJson } from './canonical-json.ts'
import {
  assertDigest,
  digestBytes,
  labelledHash,
  labels,
  resultLabel,
  type Sha256,
} from './labels.ts'

/** One link of a result chain: what slot n was, and what it gave. */
export type ChainLink = {
  /** Id of the slot's assignment item: it binds message, time, height and all of the log before. */
  readonly assignmentId: string
  readonly resultDigest: Uint8Array
}

/** Digest of a result: what every client gets, whole. Throws `result-too-deep`. */
export function digestResult(result: unknown, engine: Sha256): Uint8Array {
  return digestResultText(canonicalJson(result), engine)
}

/** The same of a result that is canonical JSON already. */
export function digestResultText(canonical: string, engine: Sha256): Uint8Array {
  return engine.sha256(encodeText(resultLabel + canonical))
}

/** resultChain(−1): the chain before slot 0. */
export function resultChainStart(processId: string, engine: Sha256): Uint8Array {
  return labelledHash(engine, labels.chainStart, [idBytes(processId)])
}

/**
 * resultChain(n) = sha256(label ‖ resultChain(n − 1) ‖ id of assignment n ‖ digest of result n).
 */
export function resultChainNext(previous: Uint8Array, link: ChainLink, engine: Sha256): Uint8Array {
  assertDigest(previous, 'a result chain')
  assertDigest(link.resultDigest, 'a result digest')
  const { chain } = labels
  const input = new Uint8Array(chain.length + 3 * digestBytes)
  input.set(chain)
  input.set(previous, chain.length)
  input.set(idBytes(link.assignmentId), chain.length + digestBytes)
  input.set(link.resultDigest, chain.length + 2 * digestBytes)
  return engine.sha256(input)
}

/** Where `links`, one per slot, lead from `from`. */
export function followChain(
  from: Uint8Array,
  links: Iterable<ChainLink>,
  engine: Sha256,
): Uint8Array {
  let chain = from
  for (const link of links) chain = resultChainNext(chain, link, engine)
  return chain
}

function idBytes(id: string): Uint8Array {
  const bytes = decodeBase64Url(id)
  assert(bytes?.length === digestBytes, `${id} is 32 bytes as base64url`)
  return bytes
}
